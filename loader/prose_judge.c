#include "loader/prose_judge.h"

#include "engine/address.h"
#include "base/ascii.h"
#include "engine/normalize.h"
#include "loader/value.h"

enum {
	TOKEN_BYTES_MAX = URL_BYTES_MAX,
	WORD_BYTES_MAX = 32,    // of the word before a token
	REFERENCE_BYTES = 64,   // before a link, where "see" or "source" may stand
	HEADING_BYTES_MAX = 64, // longer lines are sentences
};

// A token with what the rules ask of it.
struct prose_value {
	const struct prose_context *context;
	const struct prose_token *token;
	struct slice text; // refanged
	bool is_defanged;
	struct value_guess guess;
	const char *reason; // why it is refused
};

static enum prose_verdict refuse(struct prose_value *value, const char *reason)
{
	value->reason = reason;
	return PROSE_REFUSED;
}

static bool is_word_in(struct slice word, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (word.size == strlen(words[i]) && ascii_begins_with(word, words[i]))
			return true;
	return false;
}

static bool contains(struct slice text, const char *word)
{
	for (size_t i = 0; i < text.size; i++)
		if (ascii_begins_with(slice_from(text, i), word))
			return true;
	return false;
}

static bool is_word_byte(uint8_t byte)
{
	return ascii_is_letter(byte) || ascii_is_digit(byte);
}

// The last word of `text`, which is moved before it.
static struct slice last_word(struct slice *text)
{
	size_t end = text->size;

	while (end > 0 && text->size - end < WORD_BYTES_MAX && !is_word_byte(text->data[end - 1]))
		end--;

	size_t start = end;
	while (start > 0 && end - start < WORD_BYTES_MAX && is_word_byte(text->data[start - 1]))
		start--;

	struct slice word = slice_of(text->data + start, end - start);
	text->size = start;
	return word;
}

// One of `words` is among the last three words before the token.
static bool is_behind(const struct prose_value *value, const char *const words[])
{
	struct slice before = value->token->before;

	for (unsigned i = 0; i < 3 && before.size > 0; i++)
		if (is_word_in(last_word(&before), words))
			return true;
	return false;
}

// ---- hashes ----------------------------------------------------------------------------------

static bool has_letter_and_digit(struct slice text)
{
	bool has_letter = false;
	bool has_digit = false;

	for (size_t i = 0; i < text.size; i++) {
		has_letter |= ascii_is_letter(text.data[i]);
		has_digit |= ascii_is_digit(text.data[i]);
	}
	return has_letter && has_digit;
}

// Digests of other things than files, and other numbers of a digest's length.
static enum prose_verdict judge_hash(struct prose_value *value)
{
	static const char *const others[] = {
		"ja3",      "ja3s",  "imphash",      "thumbprint", "serial",   "fingerprint",
		"commit",   "hassh", "authentihash", "pehash",     "richhash", "rich",
		"revision", "jarm",  "vhash",        "telfhash",   "git",      NULL,
	};

	if (!has_letter_and_digit(value->text))
		return PROSE_WORD;
	if (is_behind(value, others))
		return refuse(value, "digest of something else than a file");
	return PROSE_VALUE;
}

// ---- links -----------------------------------------------------------------------------------

static bool is_reference(const struct prose_value *value)
{
	static const char *const words[] = {"reference", "source", "see ", "read more",
	                                    "via ",      "参考",   "出典", "参照"};
	struct slice before = value->token->before;

	if (value->context->is_reference || value->token->is_link)
		return true;
	if (before.size > REFERENCE_BYTES)
		before = slice_from(before, before.size - REFERENCE_BYTES);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (contains(before, words[i]))
			return true;
	return false;
}

static enum prose_verdict judge_url(struct prose_value *value)
{
	if (value->is_defanged)
		return PROSE_VALUE;
	if (!ascii_begins_with(value->text, "http://") &&
	    !ascii_begins_with(value->text, "https://"))
		return PROSE_WORD;
	if (value->context->has_defanged)
		return refuse(value, "plain link in a text that defangs its values");
	if (is_reference(value))
		return refuse(value, "link to what the text refers to");
	return PROSE_VALUE;
}

// ---- addresses -------------------------------------------------------------------------------

static size_t count_bytes(struct slice text, uint8_t byte)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == byte;
	return count;
}

static bool is_version(const struct prose_value *value)
{
	static const char *const words[] = {
		"version", "versions", "ver", "v",     "vers",    "build",   "release", "firmware",
		"update",  "revision", "rev", "patch", "section", "chapter", "hotfix",  NULL};
	struct slice before = slice_trim(value->token->before);

	return is_behind(value, words) || slice_ends_with(before, "バージョン");
}

// RFC 1918, RFC 6598, RFC 4193.
static bool is_private(const struct prefix *prefix)
{
	if (!address_is_ipv4(&prefix->address))
		return (prefix->address.octets[0] & 0xfe) == 0xfc;

	uint32_t address = address_ipv4(&prefix->address);
	return address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 ||
	       address >> 22 == 0x191;
}

// Four numbers of one digit: a version, a section, or a public resolver (8.8.8.8).
static bool is_small(const struct prefix *prefix)
{
	const uint8_t *octets = prefix->address.octets + 12;

	return octets[0] < 10 && octets[1] < 10 && octets[2] < 10 && octets[3] < 10;
}

static enum prose_verdict judge_plain_address(struct prose_value *value)
{
	struct prefix prefix;
	bool had_host_bits;

	if (normalize_prefix(value->guess.text, &prefix, &had_host_bits) < 0)
		return PROSE_WORD;
	if (!address_is_ipv4(&prefix.address)) {
		bool is_global = prefix.address.octets[0] >> 5 == 1; // 2000::/3

		if (is_private(&prefix))
			return refuse(value, "private address in running text");
		return is_global ? PROSE_VALUE : PROSE_WORD;
	}
	if (count_bytes(value->guess.text, '.') != 3)
		return PROSE_WORD;
	if (is_private(&prefix))
		return refuse(value, "private address in running text");
	if (is_small(&prefix))
		return refuse(value, "four numbers of one digit: a version or a resolver");
	if (is_version(value))
		return refuse(value, "a version, not an address");
	return PROSE_VALUE;
}

// ---- names -----------------------------------------------------------------------------------

// What file names end in. Those that are top-level domains, too, are not doubted when defanged.
static bool is_file_name(const struct prose_value *value)
{
	static const char *const endings[] = {
		"exe", "dll",  "sys", "bat",  "cmd",  "ps1", "vbs",  "vbe",  "js",  "jse",  "wsf",
		"hta", "lnk",  "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "pdf",
		"rtf", "txt",  "rar", "7z",   "iso",  "img", "jpg",  "png",  "gif", "tmp",  "dat",
		"bin", "log",  "ini", "cfg",  "conf", "php", "asp",  "aspx", "jsp", "html", "htm",
		"xml", "json", "csv", "cpp",  "apk",  "jar", "msi",  "eml",  "yml", "yaml", "dmp",
		"elf", "gz",   "tar", "tgz",  "ico",  "xll", "cpl",  "scr",  "chm", NULL,
	};
	static const char *const domains_too[] = {"zip", "py",  "sh",  "md", "so",
	                                          "pl",  "cab", "app", "rs", "cc",
	                                          "ps",  "mov", "pub", "sc", NULL};
	struct slice text = value->text;
	size_t end = text.size;

	while (end > 0 && text.data[end - 1] != '.')
		end--;
	struct slice ending = slice_from(text, end);
	return is_word_in(ending, endings) ||
	       (!value->is_defanged && is_word_in(ending, domains_too));
}

static bool is_name(const struct prose_value *value)
{
	char name[NAME_BYTES_MAX + 1];

	return slice_find(value->text, '.') < value->text.size &&
	       normalize_name(value->text, name) > 0;
}

// Does the name stand under a suffix that is registered?
static bool has_public_suffix(const struct prose_value *value)
{
	char text[NAME_BYTES_MAX + 1];
	int size = normalize_name(value->text, text);
	struct slice name = slice_of(text, size > 0 ? (size_t)size : 0);

	while (slice_find(name, '.') < name.size) {
		name = slice_from(name, slice_find(name, '.') + 1);
		if (public_suffix_kind(value->context->suffixes, name) != PUBLIC_SUFFIX_NONE)
			return true;
	}
	return false;
}

static enum prose_verdict judge_plain_name(struct prose_value *value)
{
	if (!value->context->has_plain_names || !is_name(value) || !has_public_suffix(value))
		return PROSE_WORD;
	if (is_file_name(value))
		return refuse(value, "a file name, not a domain");
	if (value->context->has_defanged)
		return refuse(value, "plain name in a text that defangs its values");
	if (is_reference(value))
		return refuse(value, "link to what the text refers to");
	return PROSE_VALUE;
}

// "\." alone is also how regular expressions and paths are written.
static bool is_escaped_only(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] != '\\' && normalize_defanged_size(slice_from(text, i)) > 0)
			return false;
	return true;
}

static enum prose_verdict judge_defanged(struct prose_value *value)
{
	bool is_path = slice_find(value->text, '\\') < value->text.size;
	bool is_escaped = is_escaped_only(value->token->text);

	if (is_escaped && !has_public_suffix(value) && value->guess.shape == SHAPE_NAME)
		return PROSE_WORD;
	if (value->guess.shape == SHAPE_NAME && is_name(value) && !is_path) {
		if (is_file_name(value))
			return refuse(value, "a file name, not a domain");
		return PROSE_VALUE;
	}
	if (is_escaped && is_path)
		return PROSE_WORD;
	if (value->guess.shape == SHAPE_NAME || is_path)
		return refuse(value, "defanged, and yet not a value");
	return PROSE_VALUE;
}

// ----------------------------------------------------------------------------------------------

static enum prose_verdict judge(struct prose_value *value)
{
	if (value->guess.shape == SHAPE_HASH)
		return judge_hash(value);
	if (value->token->has_scheme)
		return judge_url(value);
	if (value->is_defanged)
		return judge_defanged(value);
	if (value->guess.shape == SHAPE_ADDRESS)
		return judge_plain_address(value);
	if (value->guess.shape == SHAPE_RANGE)
		return count_bytes(value->text, '.') == 6 ? PROSE_VALUE : PROSE_WORD;
	return value->guess.shape == SHAPE_NAME ? judge_plain_name(value) : PROSE_WORD;
}

enum prose_verdict prose_judge(const struct prose_context *context, const struct prose_token *token,
                               const char **ret_reason)
{
	char refanged[TOKEN_BYTES_MAX];
	struct prose_value value = {.context = context, .token = token};

	if (token->text.size > sizeof(refanged)) {
		*ret_reason = "URL too long";
		return token->has_scheme ? PROSE_REFUSED : PROSE_WORD;
	}
	value.text = slice_of(refanged, normalize_refang(token->text, refanged));
	value.is_defanged = !slice_equal(value.text, token->text);
	value.guess = value_guess(value.text);

	enum prose_verdict verdict = judge(&value);
	if (verdict == PROSE_REFUSED)
		*ret_reason = value.reason;
	return verdict;
}

bool prose_has_defanged(struct slice text)
{
	for (size_t i = 0; i + 1 < text.size; i++) {
		struct slice rest = slice_from(text, i);
		size_t size = rest.data[0] != '\\' ? normalize_defanged_size(rest) : 0;

		if (size > 0 && i > 0 && size < rest.size && is_word_byte(text.data[i - 1]) &&
		    (is_word_byte(rest.data[size]) || rest.data[size] == '/'))
			return true;
		if ((rest.data[0] | 0x20) == 'h' &&
		    (ascii_begins_with(rest, "hxxp:") || ascii_begins_with(rest, "hxxps:") ||
		     ascii_begins_with(rest, "hxxp[") || ascii_begins_with(rest, "hxxps[")))
			return true;
	}
	return false;
}

bool prose_is_heading(struct slice line, bool *ret_is_reference)
{
	static const char *const words[] = {"reference", "source", "link", "read more", "see also",
	                                    "tweet",     "blog",   "参考", "出典",      "参照"};

	line = slice_trim(line);
	if (line.size == 0 || line.size > HEADING_BYTES_MAX || !slice_ends_with(line, ":"))
		return false;
	*ret_is_reference = false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		*ret_is_reference |= contains(line, words[i]);
	return true;
}
