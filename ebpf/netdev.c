#include "ebpf/netdev.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "base/slice.h"

// Of the family "netdev"; headers of Debian 12 do not have them.
enum {
	NETDEV_COMMAND_GET = 1,
	NETDEV_ATTRIBUTE_INTERFACE = 1,
	NETDEV_ATTRIBUTE_XDP = 3,
};

enum { ANSWER_BYTES_MAX = 8192, VALUE_BYTES_MAX = 16 };

// One command with one attribute.
struct request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	uint8_t value[VALUE_BYTES_MAX];
};

static struct request request_of(uint16_t family, uint8_t command, uint16_t attribute,
                                 struct slice value)
{
	struct request request = {
		.header = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
		.command = {.cmd = command, .version = 1},
		.attribute = {.nla_type = attribute},
	};

	memcpy(request.value, value.data, value.size);
	request.attribute.nla_len = (uint16_t)(sizeof(request.attribute) + value.size);
	request.header.nlmsg_len =
		(uint32_t)(offsetof(struct request, value) + NLMSG_ALIGN(value.size));
	return request;
}

// The attributes of the kernel's answer, or why there are none.
static int ask(int fd, const struct request *request, uint8_t answer[ANSWER_BYTES_MAX],
               struct slice *ret_attributes)
{
	struct nlmsghdr header;
	size_t offset = sizeof(header) + sizeof(struct genlmsghdr);
	ssize_t size;
	int error;

	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	size = recv(fd, answer, ANSWER_BYTES_MAX, 0);
	if (size < (ssize_t)sizeof(header))
		return size < 0 ? -errno : -EBADMSG;
	memcpy(&header, answer, sizeof(header));
	if (header.nlmsg_len > (size_t)size || header.nlmsg_len < offset)
		return -EBADMSG;
	if (header.nlmsg_type == NLMSG_ERROR) {
		memcpy(&error, answer + sizeof(header), sizeof(error));
		return error < 0 ? error : -EBADMSG;
	}
	*ret_attributes = slice_of(answer + offset, header.nlmsg_len - offset);
	return 0;
}

// Copies the first `size` bytes of the attribute. False when it is not there.
static bool find_attribute(struct slice attributes, uint16_t type, void *ret_value, size_t size)
{
	while (attributes.size >= sizeof(struct nlattr)) {
		struct nlattr attribute;

		memcpy(&attribute, attributes.data, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > attributes.size)
			return false;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type &&
		    attribute.nla_len >= sizeof(attribute) + size) {
			memcpy(ret_value, attributes.data + sizeof(attribute), size);
			return true;
		}
		attributes = slice_from(attributes, NLA_ALIGN(attribute.nla_len));
	}
	return false;
}

static int find_family(int fd, uint16_t *ret_family)
{
	static const char name[] = "netdev";
	struct request request = request_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
	                                    slice_of(name, sizeof(name)));
	uint8_t answer[ANSWER_BYTES_MAX];
	struct slice attributes;
	int error = ask(fd, &request, answer, &attributes);

	if (error < 0)
		return error;
	return find_attribute(attributes, CTRL_ATTR_FAMILY_ID, ret_family, sizeof(*ret_family))
	               ? 0
	               : -EBADMSG;
}

static int ask_features(int fd, unsigned interface_index, uint64_t *ret_features)
{
	uint8_t answer[ANSWER_BYTES_MAX];
	uint32_t index = interface_index;
	struct slice attributes;
	struct request request;
	uint16_t family;
	int error = find_family(fd, &family);

	if (error < 0)
		return error;
	request = request_of(family, NETDEV_COMMAND_GET, NETDEV_ATTRIBUTE_INTERFACE,
	                     slice_of(&index, sizeof(index)));
	error = ask(fd, &request, answer, &attributes);
	if (error < 0)
		return error == -ENOENT ? -EBADMSG : error;
	return find_attribute(attributes, NETDEV_ATTRIBUTE_XDP, ret_features, sizeof(*ret_features))
	               ? 0
	               : -EBADMSG;
}

int netdev_xdp_features(unsigned interface_index, uint64_t *ret_features)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int error;

	if (fd < 0)
		return -errno;
	error = ask_features(fd, interface_index, ret_features);
	(void)close(fd);
	return error;
}
