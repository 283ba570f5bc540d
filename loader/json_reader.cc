// The only C++ of the project. Nothing here throws: simdjson's error codes are used throughout,
// and memory is asked for with nothrow.
#include "loader/json_reader.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>

#include <simdjson.h>

namespace dom = simdjson::dom;

struct json_reader {
	dom::parser parser;
};

// A walk's position and end are iterators of one of the two kinds: the same size, bit by bit.
static_assert(sizeof(dom::element) == sizeof(json_value), "an element fits");
static_assert(sizeof(dom::object::iterator) == sizeof(json_value), "an iterator fits");
static_assert(sizeof(dom::array::iterator) == sizeof(json_value), "an iterator fits");
static_assert(std::is_trivially_copyable<dom::element>::value, "and can be copied");

template <typename Opened> static Opened open_value(const json_value &value) noexcept
{
	Opened opened;

	std::memcpy(static_cast<void *>(&opened), &value, sizeof(value));
	return opened;
}

template <typename Opened> static json_value close_value(const Opened &opened) noexcept
{
	json_value value;

	std::memcpy(&value, static_cast<const void *>(&opened), sizeof(value));
	return value;
}

extern "C" int json_reader_create(json_reader **ret_reader)
{
	json_reader *reader = new (std::nothrow) json_reader;

	if (reader == nullptr)
		return -ENOMEM;
	if (reader->parser.allocate(64 * 1024, JSON_DEPTH_MAX) != simdjson::SUCCESS) {
		delete reader;
		return -ENOMEM;
	}
	*ret_reader = reader;
	return 0;
}

extern "C" void json_reader_free(json_reader *reader)
{
	delete reader;
}

static const char *reason_of(simdjson::error_code error) noexcept
{
	switch (error) {
	case simdjson::DEPTH_ERROR:
		return "nested deeper than 1000";
	case simdjson::UTF8_ERROR:
		return "not UTF-8";
	case simdjson::UNESCAPED_CHARS:
		return "a control byte within a string";
	case simdjson::UNCLOSED_STRING:
		return "a string without its end";
	case simdjson::STRING_ERROR:
		return "a string with a wrong escape";
	case simdjson::NUMBER_ERROR:
	case simdjson::NUMBER_OUT_OF_RANGE:
		return "a number out of range or misspelt";
	case simdjson::T_ATOM_ERROR:
	case simdjson::F_ATOM_ERROR:
	case simdjson::N_ATOM_ERROR:
		return "a word that is not true, false or null";
	default:
		return "misplaced or missing punctuation";
	}
}

// The parser keeps room for its largest text. What a few huge objects took is given back.
static simdjson::error_code fit_capacity(dom::parser &parser, size_t size) noexcept
{
	const size_t large = 1024 * 1024;

	if (parser.capacity() < size || (parser.capacity() > large && size < large))
		return parser.allocate(size < large ? 64 * 1024 + size : size, JSON_DEPTH_MAX);
	return simdjson::SUCCESS;
}

extern "C" int json_reader_parse(json_reader *reader, slice text, json_value *ret_root,
                                 const char **ret_reason)
{
	dom::element root;
	simdjson::error_code error = fit_capacity(reader->parser, text.size);

	if (error == simdjson::SUCCESS)
		error = reader->parser.parse(text.data, text.size, false).get(root);
	if (error == simdjson::MEMALLOC)
		return -ENOMEM;
	if (error != simdjson::SUCCESS) {
		*ret_reason = reason_of(error);
		return -EBADMSG;
	}
	*ret_root = close_value(root);
	return 0;
}

extern "C" json_type json_reader_type(json_value value)
{
	switch (open_value<dom::element>(value).type()) {
	case dom::element_type::ARRAY:
		return JSON_ARRAY;
	case dom::element_type::OBJECT:
		return JSON_OBJECT;
	case dom::element_type::STRING:
		return JSON_STRING;
	case dom::element_type::BOOL:
		return JSON_BOOLEAN;
	case dom::element_type::INT64:
		return JSON_INTEGER;
	case dom::element_type::NULL_VALUE:
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

extern "C" const char *json_reader_type_name(json_type type)
{
	static const char *const names[] = {"null",     "true or false", "an integer", "a number",
	                                    "a string", "an array",      "an object"};

	return names[type];
}

extern "C" slice json_reader_string(json_value value)
{
	const char *text = nullptr;
	size_t size = 0;

	if (open_value<dom::element>(value).get_c_str().get(text) != simdjson::SUCCESS ||
	    open_value<dom::element>(value).get_string_length().get(size) != simdjson::SUCCESS)
		return slice_of(nullptr, 0);
	return slice_of(text, size);
}

extern "C" int64_t json_reader_integer(json_value value)
{
	int64_t integer = 0;
	bool is_integer = open_value<dom::element>(value).get_int64().get(integer) ==
	                  simdjson::SUCCESS;

	return is_integer ? integer : 0;
}

extern "C" bool json_reader_boolean(json_value value)
{
	bool boolean = false;

	return open_value<dom::element>(value).get_bool().get(boolean) == simdjson::SUCCESS &&
	       boolean;
}

extern "C" json_walk json_reader_walk(json_value value)
{
	dom::element element = open_value<dom::element>(value);
	dom::object object;
	dom::array array;

	if (element.get_object().get(object) == simdjson::SUCCESS)
		return json_walk{close_value(object.begin()), close_value(object.end())};
	if (element.get_array().get(array) == simdjson::SUCCESS)
		return json_walk{close_value(array.begin()), close_value(array.end())};
	return json_walk{value, value};
}

extern "C" bool json_reader_next_member(json_walk *walk, slice *ret_key, json_value *ret_value)
{
	auto next = open_value<dom::object::iterator>(walk->next);

	if (!(next != open_value<dom::object::iterator>(walk->end)))
		return false;
	*ret_key = slice_of(next.key_c_str(), next.key_length());
	*ret_value = close_value(next.value());
	walk->next = close_value(++next);
	return true;
}

extern "C" bool json_reader_next_item(json_walk *walk, json_value *ret_value)
{
	auto next = open_value<dom::array::iterator>(walk->next);

	if (!(next != open_value<dom::array::iterator>(walk->end)))
		return false;
	*ret_value = close_value(*next);
	walk->next = close_value(++next);
	return true;
}
