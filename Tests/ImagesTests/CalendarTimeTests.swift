import Testing

@testable import FactoryImages

@Suite struct CalendarTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_757_150_657, "2025-09-06T09:24:17Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func isTheSameBothWays(_ seconds: Int64, _ text: String) {
        #expect(CalendarTime.text(seconds) == text)
        #expect(CalendarTime.seconds(rfc3339: text) == seconds)
    }

    @Test(
        arguments: [
            ("2025-09-06T09:24:17.123456789Z", 1_757_150_657), ("2025-09-06T11:24:17+02:00", 1_757_150_657),
            ("2025-09-06T04:24:17.5-05:00", 1_757_150_657), ("2025-09-06t09:24:17z", 1_757_150_657),
            ("2025-09-06T09:24:17", nil), ("2025-13-06T09:24:17Z", nil), ("", nil),
            ("yesterday, or was it today?", nil),
        ] as [(String, Int64?)])
    func readsWhatImagesCarry(_ text: String, _ seconds: Int64?) {
        #expect(CalendarTime.seconds(rfc3339: text) == seconds)
    }

    @Test(
        arguments: [
            ("Sat, 06 Sep 2025 09:24:17 UTC", 1_757_150_657), ("Sat, 06 Sep 2025 09:24:17 +0000", 1_757_150_657),
            ("Sat, 06 Sep 2025 09:24:17 CEST", nil), ("06 Sep 2025", nil),
        ] as [(String, Int64?)])
    func readsWhatReleaseFilesCarry(_ text: String, _ seconds: Int64?) {
        #expect(CalendarTime.seconds(releaseDate: text) == seconds)
    }
}
