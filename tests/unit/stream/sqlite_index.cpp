#include <tintype/stream/sqlite_index.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

std::string path_of(std::string_view statement) {
    return tintype::detail::index_path_of(statement).value_or("none");
}

// As the last argument behind two others.
std::string last(const std::string& argument) {
    return path_of("CREATE VIRTUAL TABLE t USING vectorlite(v float32[3], hnsw(max_elements=10), " +
                   argument + ")");
}

} // namespace

TEST_CASE("the last argument that looks like a path is the index file") {
    CHECK(last("'index.bin'") == "index.bin");
    CHECK(last("\"/var/lib/a b/index\"") == "/var/lib/a b/index");
    CHECK(last("`x`") == "x");
    CHECK(last("[an index]") == "an index");
    CHECK(last("index.bin") == "index.bin");
    CHECK(last("../up/index") == "../up/index");
    CHECK(last("'it''s'") == "it's");
    CHECK(last("'a,b)c('") == "a,b)c(");
    CHECK(last("  'x.idx'  /* why */ -- so\n") == "x.idx");
    CHECK(last("'first.idx', 'second.idx'") == "second.idx");
    CHECK(last("'first.idx', hnsw(ef=1)") == "first.idx");
}

TEST_CASE("other arguments are no paths") {
    CHECK(path_of("CREATE VIRTUAL TABLE t USING vectorlite(v float32[3], hnsw(max_elements=10))") ==
          "none");
    CHECK(path_of("CREATE VIRTUAL TABLE t USING vectorlite('v.x')") == "none");
    CHECK(path_of("CREATE VIRTUAL TABLE t USING vectorlite()") == "none");
    CHECK(path_of("CREATE VIRTUAL TABLE t USING vectorlite") == "none");
    CHECK(last("0.5") == "none");
    CHECK(last("name") == "none");
    CHECK(last("path=/etc/passwd") == "none");
    CHECK(last("f(a.b)") == "none");
    CHECK(last("a.b c") == "none");
    CHECK(last("''") == "none");
    CHECK(last("'a' 'b'") == "none");
    CHECK(last("'a'.b") == "none");
    CHECK(last(std::string{"'a\0b'", 5}) == "none");
    CHECK(last("") == "none");
    CHECK(last(",,") == "none");
}

TEST_CASE("only statements that make a table of vectorlite's are looked at") {
    constexpr std::string_view arguments = "(v float32[3], hnsw(max_elements=10), 'a.idx')";
    const auto made = [&](std::string_view before) {
        return path_of(std::string{before}.append(arguments));
    };
    CHECK(made("create virtual table t using vectorlite") == "a.idx");
    CHECK(made("CREATE/*(*/VIRTUAL--,\nTABLE\tIF NOT EXISTS main . t USING VectorLite ") ==
          "a.idx");
    CHECK(made("CREATE VIRTUAL TABLE \"using\" USING \"vectorlite\"") == "a.idx");
    CHECK(made("CREATE VIRTUAL TABLE t USING vectorlite2") == "none");
    CHECK(made("CREATE VIRTUAL TABLE t USING fts5") == "none");
    CHECK(made("CREATE VIRTUAL TABLE 'USING vectorlite' USING fts5") == "none");
    CHECK(made("CREATE VIRTUAL TABLE t /* USING vectorlite */ USING fts5") == "none");
    CHECK(made("CREATE TABLE vectorlite") == "none");
    CHECK(made("'CREATE' VIRTUAL TABLE t USING vectorlite") == "none");
    CHECK(made("SELECT vectorlite") == "none");
    CHECK(made("") == "none");
}

TEST_CASE("a statement that is cut off, or changed anywhere, ends the walk") {
    const std::string whole = "CREATE VIRTUAL TABLE \"t\"\"u\" USING vectorlite(v float32[3], "
                              "hnsw(max_elements=10, (x)), /* c */ 'a''b.idx' -- d\n)";
    CHECK(path_of(whole) == "a'b.idx");
    for (std::size_t size = 0; size != whole.size(); ++size) {
        CHECK(path_of(std::string_view{whole}.substr(0, size)) == "none");
    }
    for (std::size_t at = 0; at != whole.size(); ++at) {
        for (const char c : std::string_view{"'\"`[](),-/*\n\0 x", 15}) {
            std::string changed = whole;
            changed[at] = c;
            CHECK(path_of(changed).size() < whole.size());
        }
    }
}

TEST_CASE("no depth and no length is too much") {
    constexpr std::size_t many = 200'000;
    CHECK(last(std::string(many, '(') + std::string(many, ')') + ", 'a'") == "a");
    CHECK(last(std::string(many, '(')) == "none");
    CHECK(last("'" + std::string(many, 'a') + "'") == std::string(many, 'a'));
    CHECK(last(std::string(many, ',') + "'a'") == "a");
    CHECK(path_of(std::string(many, '/')) == "none");
    CHECK(path_of(std::string(many, '\'')) == "none");
}
