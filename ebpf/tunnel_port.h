// ebpf/tunnel_port.h — ports of UDP to which packets in packets are sent: the kernel's program
// copies these datagrams whole, user space opens them.
//
// www.iana.org/assignments/service-names-port-numbers, but for Linux' first one for VXLAN.
#pragma once

enum tunnel_port {
	PORT_L2TP = 1701,
	PORT_GTP_U = 2152,
	PORT_TEREDO = 3544,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472,
};
