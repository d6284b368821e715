@main
struct FactoryWorker {
    static func main() {}
}
