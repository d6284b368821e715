import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes

/// One firmware's part of a boot check: a step, with a console log as its artifact.
struct Boot {
    /// What a boot showed, and the failure that it means for the job.
    struct Result: Sendable {
        var boot: BootResult
        var failure: JobFailure?
    }

    var firmware: Firmware
    var work: BootCheckWork
    var iso: String
    var accelerator: GuestMachine.Accelerator
    /// How many the guest gets.
    var processors: Int
    var context: JobContext

    /// Boots, and reports what was seen. A boot that did not come up is a result, not an error of this function.
    ///
    /// - Throws: `JobFailure` when it could not be tried; `CancellationError`.
    func run() async throws -> Result {
        var seen: BootResult?
        do {
            try await context.report.step("boot-" + firmware.rawValue, title, phase: "boot-check") { step in
                let log = OutputFile(directory: context.out, name: "boot-\(firmware.rawValue).log")
                let account = try await BootSession(
                    machine: try machine(), limit: .seconds(work.timeoutSeconds), log: log.path, step: step
                ).run()
                context.report.artifact(try await log.artifact(role: .consoleLog, mediaType: "text/plain"))
                let result = BootResult(
                    firmware: firmware.rawValue, passed: account.outcome.isPassed, reason: account.outcome.reason,
                    milliseconds: account.milliseconds, accelerator: accelerator.rawValue,
                    failedUnits: account.failedUnits.isEmpty ? nil : account.failedUnits)
                context.report.bootResult(result)
                if !account.failedUnits.isEmpty {
                    context.report.warn(
                        "failed-units",
                        "units failed during the boot under \(firmware.rawValue.uppercased()): "
                            + account.failedUnits.joined(separator: ", "))
                }
                seen = result
                if case .failed(let cause) = account.outcome { throw failure(cause, account) }
                step.note("\(result.reason) after \(account.milliseconds / 1000) s with \(accelerator.rawValue)")
            }
        } catch let failure as JobFailure {
            guard let seen else { throw failure }
            return Result(boot: seen, failure: failure)
        }
        guard let seen else {
            throw JobFailure(.internal, "undecided", "a boot check under \(firmware.rawValue) ended without a result")
        }
        return Result(boot: seen)
    }

    private var title: String {
        switch firmware {
        case .bios: "Boot under BIOS"
        case .uefi: "Boot under UEFI"
        }
    }

    private func failure(_ cause: BootOutcome.Cause, _ account: BootSession.Account) -> JobFailure {
        let more =
            switch cause {
            case .timeOut: " (\(work.timeoutSeconds) s)"
            case .qemuDied: account.machineWords.last.map { " (\($0))" } ?? ""
            default: ""
            }
        return JobFailure(
            cause.isWorkers ? .worker : .spec, cause.rawValue,
            "the ISO did not come up under \(firmware.rawValue): \(cause.words)\(more)",
            excerpt: account.excerpt + account.machineWords)
    }

    private func machine() throws -> GuestMachine {
        var files: GuestMachine.FirmwareFiles?
        if firmware == .uefi || work.arch == .arm64 {
            let known = GuestMachine.firmware(work.arch)
            let variables = context.work + "/uefi-variables.fd"
            do throws(IOError) {
                guard try FileIO.status(known.code) != nil else {
                    throw IOError(.notFound, "\(known.code) is not there")
                }
                let bytes = try FileIO.read(known.variables, limit: 64 << 20)
                try FileIO.write(bytes, to: FileIO.open(variables, O_WRONLY | O_CREAT | O_TRUNC))
            } catch {
                guard error.code == .notFound else { throw Tool.failure(error) }
                throw JobFailure(
                    .worker, "tool-missing",
                    "UEFI firmware for \(work.arch.rawValue) was not found (\(error.message)); it is in the Debian "
                        + "package \(known.package): apt-get install \(known.package)")
            }
            files = GuestMachine.FirmwareFiles(code: known.code, variables: variables)
        }
        return GuestMachine(
            architecture: work.arch, accelerator: accelerator,
            processors: processors, memoryMiB: work.memoryMiB, iso: iso,
            firmware: files, console: "/dev/fdset/1")
    }
}
