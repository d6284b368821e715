import Glibc

/// A value behind a pthread mutex.
///
/// Used like `Synchronization.Mutex`, which ThreadSanitizer cannot see on Linux and reports as races. A class,
/// because the mutex must keep its address. The lock is not recursive, and `withLock` must never suspend.
package final class Locked<Value>: @unchecked Sendable {
    // Both members are only touched while the mutex is held; that is what makes the class Sendable.
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Takes over `value`, which nobody else may keep a way to.
    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        let failure = pthread_mutex_init(mutex, nil)
        precondition(failure == 0, "a mutex with default attributes cannot fail to start")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value while no other thread can; the lock is released when `body` returns or throws.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
