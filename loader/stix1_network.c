// CybOX objects made of others: sockets, connections, HTTP sessions, DNS. All that one of them says
// must hold at once.
#include "loader/stix1.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

static uint8_t protocol_by_name(struct slice name)
{
	static const struct {
		const char *name;
		uint8_t protocol;
	} names[] = {
		{"TCP", IPPROTO_TCP},
		{"UDP", IPPROTO_UDP},
		{"ICMP", IPPROTO_ICMP},
		{"SCTP", IPPROTO_SCTP},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.size == strlen(names[i].name) &&
		    strncasecmp((const char *)name.data, names[i].name, name.size) == 0)
			return names[i].protocol;
	return 0;
}

// 0 when it is not one port number.
static uint16_t port_of(struct slice text)
{
	uint32_t port = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || port > UINT16_MAX)
			return 0;
		port = port * 10 + (text.data[i] - '0');
	}
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

// Sets the port and protocol of the values below `term` that are addresses; what else there is
// becomes unmatched: only addresses have ports.
static void set_port(struct stix1_term *term, uint16_t port, uint8_t protocol)
{
	if (term->kind == STIX1_VALUE && (port != 0 || protocol != 0)) {
		if (term->value.kind == VALUE_ADDRESS) {
			term->value.port = port;
			term->value.protocol = protocol;
		} else {
			term->kind = STIX1_UNMATCHED;
			term->reason = "name or range with a port: not matchable yet";
			term->detail = term->value.text;
		}
	}
	for (struct stix1_term *child = term->children; child != NULL; child = child->next)
		set_port(child, port, protocol);
}

static int add_socket(struct stix1_reader *reader, struct stix1_term *parent,
                      const struct xml_node *socket, uint8_t protocol)
{
	const struct xml_node *address = xml_tree_child(socket, "IP_Address");
	const struct xml_node *name = xml_tree_child(xml_tree_child(socket, "Hostname"),
	                                             "Hostname_Value");
	const struct xml_node *port = xml_tree_child(socket, "Port");
	struct slice port_text = xml_tree_child_text(port, "Port_Value");
	uint8_t own_protocol = protocol_by_name(xml_tree_child_text(port, "Layer4_Protocol"));
	struct stix1_term *all;
	int error = 0;

	if (address == NULL && name == NULL)
		return stix1_term_unmatched(reader, parent, socket,
		                            "socket without an address: not matchable yet",
		                            port_text);
	if (port_text.size > 0 && port_of(port_text) == 0)
		return stix1_term_unmatched(reader, parent, port, "not a port number", port_text);

	all = stix1_term_add(reader, parent, STIX1_ALL, socket->line);
	if (all == NULL)
		return -ENOMEM;
	if (address != NULL)
		error = stix1_object_address(reader, all, address);
	if (error == 0 && name != NULL)
		error = stix1_object_name(reader, all, name);
	set_port(all, port_of(port_text), own_protocol != 0 ? own_protocol : protocol);
	return error;
}

int stix1_network_socket(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *socket)
{
	return add_socket(reader, parent, socket, 0);
}

// What the two ends and the layers above say is one AND.
int stix1_network_connection(struct stix1_reader *reader, struct stix1_term *parent,
                             const struct xml_node *connection)
{
	static const char *const sockets[] = {"Source_Socket_Address",
	                                      "Destination_Socket_Address"};
	const struct xml_node *layer7 = xml_tree_child(connection, "Layer7_Connections");
	const struct xml_node *http = xml_tree_child(layer7, "HTTP_Session");
	const struct xml_node *dns = xml_tree_child(layer7, "DNS_Query");
	uint8_t protocol = protocol_by_name(xml_tree_child_text(connection, "Layer4_Protocol"));
	struct stix1_term *all = stix1_term_add(reader, parent, STIX1_ALL, connection->line);
	int error = all != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < 2 && error == 0; i++) {
		const struct xml_node *socket = xml_tree_child(connection, sockets[i]);

		if (socket != NULL)
			error = add_socket(reader, all, socket, protocol);
	}
	for (; http != NULL && error == 0; http = xml_tree_sibling(http))
		error = stix1_network_http(reader, all, http);
	for (; dns != NULL && error == 0; dns = xml_tree_sibling(dns))
		error = stix1_network_dns_query(reader, all, dns);
	if (error == 0 && all->children == NULL)
		error = stix1_term_unmatched(reader, all, connection,
		                             "connection without an address: not matchable yet",
		                             xml_tree_child_text(connection, "Layer7_Protocol"));
	return error;
}

// "http://" host [":" port] target, in the scratch arena; data is NULL without memory.
static struct slice join_url(struct stix1_reader *reader, struct slice host, struct slice port,
                             struct slice target)
{
	static const char scheme[] = "http://";
	size_t scheme_size = strlen(scheme);
	bool has_slash = slice_starts_with(target, "/");
	size_t room = scheme_size + host.size + 1 + port.size + 1 + target.size;
	uint8_t *url = arena_allocate(&reader->scratch, room);
	size_t size = 0;

	if (url == NULL)
		return slice_of(NULL, 0);
	memcpy(url, scheme, scheme_size);
	size = scheme_size;
	memcpy(url + size, host.data, host.size);
	size += host.size;
	if (port.size > 0 && slice_find(host, ':') == host.size) {
		url[size++] = ':';
		memcpy(url + size, port.data, port.size);
		size += port.size;
	}
	if (!has_slash)
		url[size++] = '/';
	if (target.size > 0)
		memcpy(url + size, target.data, target.size);
	return slice_of(url, size + target.size);
}

static int add_request_url(struct stix1_reader *reader, struct stix1_term *parent,
                           const struct xml_node *target, const struct xml_node *host_field)
{
	static const struct candidate like = {.kind = VALUE_URL};
	const struct xml_node *name = xml_tree_child(xml_tree_child(host_field, "Domain_Name"),
	                                             "Value");
	struct slice port = xml_tree_child_text(xml_tree_child(host_field, "Port"), "Port_Value");
	struct slice text = xml_tree_text(target);
	struct xml_node joined;

	if (target == NULL)
		return stix1_object_name(reader, parent, name);
	joined = *target;
	if (slice_starts_with(text, "http://") || slice_starts_with(text, "https://"))
		return stix1_field_add(reader, parent, target, &like);
	if (name == NULL)
		return stix1_term_unmatched(reader, parent, target,
		                            "request without a host: not matchable yet", text);
	joined.text = join_url(reader, xml_tree_text(name), port, text);
	if (joined.text.data == NULL)
		return -ENOMEM;
	return stix1_field_add(reader, parent, &joined, &like);
}

static int add_request(struct stix1_reader *reader, struct stix1_term *parent,
                       const struct xml_node *request)
{
	const struct xml_node *line = xml_tree_child(request, "HTTP_Request_Line");
	const struct xml_node *target = xml_tree_child(line, "Value");
	const struct xml_node *header =
		xml_tree_child(xml_tree_child(request, "HTTP_Request_Header"), "Parsed_Header");
	const struct xml_node *host = xml_tree_child(header, "Host");
	const struct xml_node *agent = xml_tree_child(header, "User_Agent");
	bool has_name = xml_tree_child(xml_tree_child(host, "Domain_Name"), "Value") != NULL;
	int error = 0;

	if (target != NULL || has_name)
		error = add_request_url(reader, parent, target, host);
	if (error == 0 && agent != NULL)
		error = stix1_term_unmatched(reader, parent, agent, "user agent: not matchable yet",
		                             xml_tree_text(agent));
	if (error == 0 && target == NULL && !has_name && agent == NULL)
		error = stix1_term_unmatched(reader, parent, request,
		                             "request without a URL: not matchable yet",
		                             xml_tree_child_text(line, "HTTP_Method"));
	return error;
}

int stix1_network_http(struct stix1_reader *reader, struct stix1_term *parent,
                       const struct xml_node *session)
{
	const struct xml_node *exchange = xml_tree_child(session, "HTTP_Request_Response");
	struct stix1_term *all = stix1_term_add(reader, parent, STIX1_ALL, session->line);
	int error = all != NULL ? 0 : -ENOMEM;

	for (; exchange != NULL && error == 0; exchange = xml_tree_sibling(exchange)) {
		const struct xml_node *request = xml_tree_child(exchange, "HTTP_Client_Request");

		if (request != NULL)
			error = add_request(reader, all, request);
	}
	if (error == 0 && all->children == NULL)
		error = stix1_term_unmatched(reader, all, session,
		                             "session without a request: not matchable yet",
		                             slice_text(""));
	return error;
}

int stix1_network_dns_query(struct stix1_reader *reader, struct stix1_term *parent,
                            const struct xml_node *query)
{
	const struct xml_node *question = xml_tree_child(query, "Question");
	const struct xml_node *name = xml_tree_child(xml_tree_child(question, "QName"), "Value");

	if (name == NULL)
		return stix1_term_unmatched(reader, parent, query,
		                            "query without a name: not matchable yet",
		                            slice_text(""));
	return stix1_object_name(reader, parent, name);
}

int stix1_network_dns_record(struct stix1_reader *reader, struct stix1_term *parent,
                             const struct xml_node *record)
{
	const struct xml_node *name = xml_tree_child(xml_tree_child(record, "Domain_Name"),
	                                             "Value");
	const struct xml_node *address = xml_tree_child(record, "IP_Address");
	struct stix1_term *all = stix1_term_add(reader, parent, STIX1_ALL, record->line);
	int error = all != NULL ? 0 : -ENOMEM;

	if (error == 0 && name != NULL)
		error = stix1_object_name(reader, all, name);
	if (error == 0 && address != NULL)
		error = stix1_object_address(reader, all, address);
	if (error == 0 && all->children == NULL)
		error = stix1_term_unmatched(reader, all, record,
		                             "record without a name or address: not matchable yet",
		                             slice_text(""));
	return error;
}
