// How others read a snapshot from JSON into the same structs. Each is given what helps it: this
// file is compiled for the very machine, as simdjson's on-demand interface is only as wide as the
// compiler is told; parsers are used again; and vectors are reserved by the counts in the text,
// which they believe. Boost.JSON is no peer as long as Debian's Boost is older than it, and glaze
// is not in Debian.

#include "harness.hpp"
#include "json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

struct simdjson_reader::parser {
    simdjson::ondemand::parser own;
};

namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

std::string text_of(value from) {
    return std::string{from.get_string().value()};
}

optional_text optional_text_of(value from) {
    return from.is_null() ? optional_text{} : optional_text{text_of(from)};
}

snapshot_type type_of(std::string_view name) {
    return name == "Full" ? snapshot_type::full : snapshot_type::incremental;
}

// What the text says in the order of the description: looked for forwards only.
snapshot_metadata metadata_of(object from) {
    snapshot_metadata to;
    to.id = text_of(from.find_field("id"));
    to.created_at = from.find_field("created_at").get_uint64();
    to.description = optional_text_of(from.find_field("description"));
    for (value each : from.find_field("namespaces").get_array()) {
        to.namespaces.push_back(text_of(each));
    }
    to.total_vectors = from.find_field("total_vectors").get_uint64();
    to.size_bytes = from.find_field("size_bytes").get_uint64();
    to.type = type_of(from.find_field("snapshot_type").get_string());
    to.parent_id = optional_text_of(from.find_field("parent_id"));
    to.version = text_of(from.find_field("version"));
    return to;
}

tintype::json_value any_of(std::string_view text) {
    return must(tintype::json_value::parse(text), "metadata");
}

namespace_data namespace_of(object from) {
    namespace_data to;
    to.name = text_of(from.find_field("namespace"));
    to.vector_count = from.find_field("vector_count").get_uint64();
    if (value dimension = from.find_field("dimension"); !dimension.is_null()) {
        to.dimension = dimension.get_uint64();
    }
    to.vectors.reserve(to.vector_count);
    for (object each : from.find_field("vectors").get_array()) {
        vector_entry& entry = to.vectors.emplace_back();
        entry.id = text_of(each.find_field("id"));
        entry.values.reserve(to.dimension.value_or(0));
        for (const double number : each.find_field("values").get_array()) {
            entry.values.push_back(static_cast<float>(number));
        }
        if (value any = each.find_field("metadata"); !any.is_null()) {
            entry.metadata = any_of(any.raw_json_token());
        }
    }
    return to;
}

} // namespace

simdjson_reader::simdjson_reader() : parser_(std::make_unique<parser>()) {}

simdjson_reader::~simdjson_reader() = default;

snapshot_data simdjson_reader::read(const padded_text& from) {
    auto document =
        parser_->own.iterate(from.text().data(), from.text().size(), from.capacity()).value();
    object root = document.get_object();
    snapshot_data to;
    to.metadata = metadata_of(root.find_field("metadata"));
    for (object each : root.find_field("namespaces").get_array()) {
        to.namespaces.push_back(namespace_of(each));
    }
    return to;
}

std::string simdjson_reader::flavour() {
    return simdjson::get_active_implementation()->name();
}

namespace {

// The events of a text, put into the structs. It knows no metadata of vectors but null.
class snapshot_events : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, snapshot_events> {
public:
    explicit snapshot_events(snapshot_data& to) : to_(&to) {}

    bool Default() { return false; }

    bool Null() {
        return place_ == place::description || place_ == place::parent_id ||
               place_ == place::metadata || place_ == place::dimension;
    }

    bool Double(double number) {
        values_->push_back(static_cast<float>(number));
        return place_ == place::values;
    }

    bool Int(int number) { return number >= 0 && Uint64(static_cast<std::uint64_t>(number)); }

    bool Uint(unsigned number) { return Uint64(number); }

    bool Uint64(std::uint64_t number) {
        switch (place_) {
        case place::created_at:
            to_->metadata.created_at = number;
            return true;
        case place::total_vectors:
            to_->metadata.total_vectors = number;
            return true;
        case place::size_bytes:
            to_->metadata.size_bytes = number;
            return true;
        case place::vector_count:
            space_->vector_count = number;
            space_->vectors.reserve(number);
            return true;
        case place::dimension:
            space_->dimension = number;
            return true;
        default:
            return false;
        }
    }

    bool String(const char* data, rapidjson::SizeType size, bool /*copy*/) {
        const std::string_view text{data, size};
        switch (place_) {
        case place::id:
            (depth_ == in_vector ? space_->vectors.back().id : to_->metadata.id) = text;
            return true;
        case place::description:
            to_->metadata.description = text;
            return true;
        case place::parent_id:
            to_->metadata.parent_id = text;
            return true;
        case place::version:
            to_->metadata.version = text;
            return true;
        case place::type:
            to_->metadata.type = type_of(text);
            return true;
        case place::name:
            space_->name = text;
            return true;
        case place::namespaces:
            to_->metadata.namespaces.emplace_back(text);
            return true;
        default:
            return false;
        }
    }

    bool Key(const char* data, rapidjson::SizeType size, bool /*copy*/) {
        static constexpr std::pair<std::string_view, place> keys[] = {
            {"id", place::id},
            {"values", place::values},
            {"metadata", place::metadata},
            {"created_at", place::created_at},
            {"description", place::description},
            {"namespaces", place::namespaces},
            {"total_vectors", place::total_vectors},
            {"size_bytes", place::size_bytes},
            {"snapshot_type", place::type},
            {"parent_id", place::parent_id},
            {"version", place::version},
            {"namespace", place::name},
            {"vector_count", place::vector_count},
            {"dimension", place::dimension},
            {"vectors", place::vectors}};
        for (const auto& [key, here] : keys) {
            if (key == std::string_view{data, size}) {
                place_ = here;
                return true;
            }
        }
        return false;
    }

    bool StartObject() {
        ++depth_;
        if (depth_ == in_namespace && place_ == place::namespaces) {
            space_ = &to_->namespaces.emplace_back();
        } else if (depth_ == in_vector) {
            values_ = &space_->vectors.emplace_back().values;
            values_->reserve(space_->dimension.value_or(0));
        }
        return true;
    }

    bool EndObject(rapidjson::SizeType /*members*/) {
        --depth_;
        return true;
    }

    bool StartArray() {
        ++depth_;
        return true;
    }

    bool EndArray(rapidjson::SizeType /*elements*/) {
        --depth_;
        return true;
    }

private:
    enum class place {
        none,
        id,
        values,
        metadata,
        created_at,
        description,
        namespaces,
        total_vectors,
        size_bytes,
        type,
        parent_id,
        version,
        name,
        vector_count,
        dimension,
        vectors
    };

    static constexpr int in_namespace = 3; // object, array, object
    static constexpr int in_vector = 5;

    snapshot_data* to_;
    namespace_data* space_ = nullptr;
    std::vector<float>* values_ = nullptr;
    place place_ = place::none;
    int depth_ = 0;
};

} // namespace

snapshot_data rapidjson_read(const padded_text& from) {
    snapshot_data to;
    snapshot_events events{to};
    rapidjson::StringStream stream{from.text().data()};
    rapidjson::Reader reader;
    must(!reader.Parse(stream, events).IsError(), "RapidJSON refused the text");
    return to;
}

// A document of which the structs are made, with floats of 32 bits.
snapshot_data nlohmann_read(std::string_view text) {
    using json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t,
                                      std::uint64_t, float>;
    const json root = json::parse(text);
    const auto optional_of = [](const json& from) {
        return from.is_null() ? optional_text{} : optional_text{from.get<std::string>()};
    };
    snapshot_data to;
    const json& metadata = root.at("metadata");
    to.metadata.id = metadata.at("id").get<std::string>();
    to.metadata.created_at = metadata.at("created_at").get<std::uint64_t>();
    to.metadata.description = optional_of(metadata.at("description"));
    to.metadata.namespaces = metadata.at("namespaces").get<std::vector<std::string>>();
    to.metadata.total_vectors = metadata.at("total_vectors").get<std::uint64_t>();
    to.metadata.size_bytes = metadata.at("size_bytes").get<std::uint64_t>();
    to.metadata.type = type_of(metadata.at("snapshot_type").get<std::string>());
    to.metadata.parent_id = optional_of(metadata.at("parent_id"));
    to.metadata.version = metadata.at("version").get<std::string>();
    for (const json& from : root.at("namespaces")) {
        namespace_data& space = to.namespaces.emplace_back();
        space.name = from.at("namespace").get<std::string>();
        space.vector_count = from.at("vector_count").get<std::uint64_t>();
        if (const json& dimension = from.at("dimension"); !dimension.is_null()) {
            space.dimension = dimension.get<std::uint64_t>();
        }
        space.vectors.reserve(space.vector_count);
        for (const json& each : from.at("vectors")) {
            vector_entry& entry = space.vectors.emplace_back();
            entry.id = each.at("id").get<std::string>();
            entry.values = each.at("values").get<std::vector<float>>();
            if (const json& any = each.at("metadata"); !any.is_null()) {
                entry.metadata = any_of(any.dump());
            }
        }
    }
    return to;
}

} // namespace bench
