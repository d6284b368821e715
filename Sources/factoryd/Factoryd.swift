@main
struct Factoryd {
    static func main() {}
}
