@main
struct Factoryctl {
    static func main() {}
}
