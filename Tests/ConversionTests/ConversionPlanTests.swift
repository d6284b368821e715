import FactoryConversion
import FactoryProtocol
import FactorySpec
import JSON
import Testing

struct ConversionPlanTests {
    static func plan(
        _ components: Components = .none, base: BaseReference = .distribution(.bookworm), skip: [SkippableStep] = []
    ) throws -> ConversionPlan {
        let work = ImageWork(
            base: base, version: try ImageVersion(parsing: "1.0.0"), arch: .amd64, model: .generic,
            components: components, skipSteps: skip)
        return try ConversionPlanner.plan(for: work, on: try #require(BaseSystem.expected(of: base)))
    }

    @Test func stepsComeInTheOrderOfKairosInit() throws {
        let plan = try Self.plan(.directory("/srv/kairos"))
        #expect(
            plan[.install]?.steps.map(\.id) == [
                "installPackages", "installKernel", "branding", "grub", "miscellaneous", "kairosBinaries",
                "containerMarks", "cleanupInstall",
            ])
        #expect(
            plan[.`init`]?.steps.map(\.id) == [
                "kairosRelease", "kernel", "initramfsConfigs", "initrd", "services", "sshHardening", "workarounds",
                "cleanup",
            ])
    }

    @Test func packagesAndKernelAreOneTransaction() throws {
        let install = try #require(try Self.plan()[.install])
        #expect(install.packages.count == 83)
        #expect(install.packages.contains("linux-image-amd64"))
    }

    @Test func aSkippedStepStaysInThePlanAndDoesNothing() throws {
        let plan = try Self.plan(skip: [.installKernel])
        let step = try #require(plan[.install]?.steps.first { $0.id == "installKernel" })
        #expect(step.skipped != nil)
        #expect(plan[.install]?.packages.contains("linux-image-amd64") == false)
        #expect(plan.warnings.contains { $0.code == "step-left-out" })
    }

    @Test func withoutComponentsNothingOfKairosIsInTheInitrdAndTheUserIsTold() throws {
        let plan = try Self.plan()
        let files = Self.files(of: plan)
        #expect(!files.keys.contains { $0.contains("immucore/") })
        let dracut = try #require(files["/etc/dracut.conf.d/99-immucore.conf"])
        #expect(dracut.contains("dmsquash-live"))
        #expect(!dracut.contains(" immucore "))
        #expect(files["/usr/lib/systemd/system-generators/live-login"] != nil)
        #expect(files["/usr/sbin/suc-upgrade"] == nil)
        #expect(plan.warnings.map(\.code) == ["live-only"])
    }

    @Test func withComponentsRootIsNeverLoggedInAndTheInitrdHasImmucore() throws {
        let files = Self.files(of: try Self.plan(.directory("/srv/kairos")))
        #expect(!files.keys.contains { $0.contains("live-login") })
        #expect(files["/etc/dracut.conf.d/99-immucore.conf"]?.contains(" immucore ") == true)
        #expect(files["/usr/lib/dracut/modules.d/28immucore/module-setup.sh"] != nil)
        #expect(files["/usr/sbin/suc-upgrade"] != nil)
    }

    @Test func everyPhaseIsCleanedBeforeItsLayer() throws {
        for phase in try Self.plan().phases {
            let last = try #require(phase.steps.last)
            #expect(
                last.actions.contains { action in
                    if case .remove(let paths) = action { paths.contains("/etc/ssh/ssh_host_*_key*") } else { false }
                })
        }
    }

    @Test func aBoardOfLaterIsRefused() throws {
        let work = ImageWork(
            base: .distribution(.bookworm), version: try ImageVersion(parsing: "1"), arch: .arm64, model: .rpi4,
            components: .none)
        let system = try #require(BaseSystem.expected(of: work.base))
        #expect(throws: ConversionError.self) { try ConversionPlanner.plan(for: work, on: system) }
    }

    @Test func theTextNamesEveryStepAndEveryPackage() throws {
        let plan = try Self.plan()
        let text = plan.lines().joined(separator: "\n")
        for step in plan.phases.flatMap(\.steps) { #expect(text.contains(step.id)) }
        for name in plan[.install]?.packages ?? [] { #expect(text.contains(name)) }
        #expect(text.contains("warning: components: none"))
        #expect(plan.lines().allSatisfy { $0.count <= 120 || $0.hasPrefix("warning") })
    }

    @Test func theJSONTellsActionsByName() throws {
        let text = String(decoding: try CanonicalJSON.encode(try Self.plan()), as: UTF8.self)
        for name in ["write", "packages", "services", "release", "initrd", "kernel-links", "drivers", "remove"] {
            #expect(text.contains("\"action\":\"\(name)\""))
        }
    }

    static func files(of plan: ConversionPlan) -> [String: String] {
        var files: [String: String] = [:]
        for case .write(let file) in plan.phases.flatMap(\.steps).flatMap(\.actions) { files[file.path] = file.text }
        return files
    }
}
