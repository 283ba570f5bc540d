#include "loader/mail_decode.h"

#include <errno.h>
#include <iconv.h>
#include <strings.h>

#include "base/ascii.h"

enum { TEXT_STEP_BYTES = 4096 };

static int base64_value(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (ascii_is_digit(byte))
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

bool mail_decode_base64(struct slice text, struct buffer *ret_bytes)
{
	uint32_t word = 0;
	unsigned count = 0;

	if (!buffer_reserve(ret_bytes, text.size / 4 * 3 + 3))
		return true;
	for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
		int value = base64_value(text.data[i]);

		if (value < 0)
			continue;
		word = word << 6 | (uint32_t)value;
		if (++count % 4 == 0) {
			buffer_append(ret_bytes,
			              (uint8_t[]){(uint8_t)(word >> 16), (uint8_t)(word >> 8),
			                          (uint8_t)word},
			              3);
			word = 0;
		}
	}
	if (count % 4 == 2)
		buffer_append_byte(ret_bytes, (uint8_t)(word >> 4));
	if (count % 4 == 3)
		buffer_append(ret_bytes, (uint8_t[]){(uint8_t)(word >> 10), (uint8_t)(word >> 2)},
		              2);
	// Whatever is cut within four characters ends without its padding.
	return count % 4 == 0 || slice_find(text, '=') < text.size;
}

// The bytes of "=\r\n", perhaps with blanks before the line end: a soft line break; or 0.
static size_t soft_break_size(struct slice text)
{
	size_t size = 1;

	while (size < text.size && (text.data[size] == ' ' || text.data[size] == '\t'))
		size++;
	if (size < text.size && text.data[size] == '\r')
		size++;
	return size < text.size && text.data[size] == '\n' ? size + 1 : 0;
}

void mail_decode_quoted_printable(struct slice text, struct buffer *ret_bytes)
{
	if (!buffer_reserve(ret_bytes, text.size))
		return;
	while (text.size > 0) {
		size_t plain = slice_find(text, '=');

		buffer_append(ret_bytes, text.data, plain);
		text = slice_from(text, plain);
		if (text.size == 0)
			break;

		size_t size = soft_break_size(text);
		int high = text.size > 2 ? ascii_hex_value(text.data[1]) : -1;
		int low = text.size > 2 ? ascii_hex_value(text.data[2]) : -1;
		if (size == 0 && high >= 0 && low >= 0) {
			buffer_append_byte(ret_bytes, (uint8_t)(high << 4 | low));
			size = 3;
		} else if (size == 0) {
			buffer_append_byte(ret_bytes, '=');
			size = 1;
		}
		text = slice_from(text, size);
	}
}

// Our name of a character set, which iconv knows; "" for one that needs no converting; NULL.
static const char *known_charset(const char *charset)
{
	static const struct {
		const char *name;
		const char *iconv_name;
	} charsets[] = {
		{"utf-8", ""},
		{"utf8", ""},
		{"us-ascii", ""},
		{"ascii", ""},
		{"iso-8859-1", "WINDOWS-1252"}, // as every reader of mail takes it
		{"latin1", "WINDOWS-1252"},
		{"windows-1252", "WINDOWS-1252"},
		{"cp1252", "WINDOWS-1252"},
		{"iso-8859-2", "ISO-8859-2"},
		{"iso-8859-15", "ISO-8859-15"},
		{"windows-1250", "WINDOWS-1250"},
		{"windows-1251", "WINDOWS-1251"},
		{"koi8-r", "KOI8-R"},
		{"iso-2022-jp", "ISO-2022-JP"},
		{"shift_jis", "CP932"}, // the common superset
		{"shift-jis", "CP932"},
		{"sjis", "CP932"},
		{"windows-31j", "CP932"},
		{"cp932", "CP932"},
		{"euc-jp", "EUC-JP"},
		{"euc-kr", "EUC-KR"},
		{"gb2312", "GB18030"},
		{"gbk", "GB18030"},
		{"gb18030", "GB18030"},
		{"big5", "BIG5"},
		{"utf-16", "UTF-16"},
		{"utf-16le", "UTF-16LE"},
		{"utf-16be", "UTF-16BE"},
	};

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strcasecmp(charset, charsets[i].name) == 0)
			return charsets[i].iconv_name;
	return NULL;
}

static void convert(iconv_t converter, struct slice text, struct buffer *ret_text,
                    bool *ret_is_damaged)
{
	char *in = (char *)(uintptr_t)text.data;
	size_t in_left = text.size;

	while (in_left > 0 && buffer_reserve(ret_text, TEXT_STEP_BYTES)) {
		char *out = (char *)ret_text->data + ret_text->size;
		size_t out_left = TEXT_STEP_BYTES;
		size_t result = iconv(converter, &in, &in_left, &out, &out_left);

		ret_text->size += TEXT_STEP_BYTES - out_left;
		if (result != (size_t)-1 || errno == E2BIG)
			continue;
		*ret_is_damaged = true;
		buffer_append_byte(ret_text, '?');
		in++;
		in_left--;
		(void)iconv(converter, NULL, NULL, NULL, NULL);
	}
}

int mail_decode_text(struct slice text, const char *charset, struct buffer *ret_text,
                     bool *ret_is_damaged)
{
	const char *name = known_charset(charset);

	*ret_is_damaged = false;
	if (name == NULL)
		return 0;
	if (name[0] == '\0') {
		buffer_append_slice(ret_text, text);
	} else {
		iconv_t converter = iconv_open("UTF-8", name);

		if (converter == (iconv_t)-1)
			return errno == ENOMEM ? -ENOMEM : 0;
		convert(converter, text, ret_text, ret_is_damaged);
		(void)iconv_close(converter);
	}
	return ret_text->failed ? -ENOMEM : 1;
}
