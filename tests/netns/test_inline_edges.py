"""Inline, at the edges: VLAN tags, fragments, MTU."""
import struct
import time

import pytest

import services
from network import wait_for
from test_gateway import MODES, Scene

BUMPS = ['inline-afxdp', 'inline-dpdk']


def scene_of(network, mode, extra='', **options):
    scene = Scene(network, mode, extra, **options)
    scene.sensor.start()
    return scene


def ethernet(scene, kind, payload, tags=()):
    head = bytes.fromhex((scene.server.mac('eth0') + scene.client.mac('eth0')).replace(':', ''))
    for protocol, number in tags:
        head += struct.pack('>HH', protocol, number)
    return head + struct.pack('>H', kind) + payload


def query(name, source='10.0.1.2', destination='10.0.2.10', port=4000):
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import IP, UDP
    return bytes(IP(src=source, dst=destination) / UDP(sport=port, dport=53) /
                 DNS(rd=1, qd=DNSQR(qname=name)))


def received(scene, frames, count):
    """Sends frames from the client; which of them arrive at the server, `count` and a while more."""
    known = {without_outer_tag(frame) for frame in frames}
    with scene.server.packet_socket('eth0') as receiver:
        receiver.settimeout(0.2)
        scene.client.send_frames('eth0', frames)
        got, end = [], time.monotonic() + 5
        while time.monotonic() < end:
            try:
                frame = receiver.recv(65536)
            except TimeoutError:
                if len(got) >= count:
                    break
                continue
            if frame in known:
                got.append(frame)
        return got


@pytest.mark.parametrize('mode', BUMPS)
def test_tags_are_looked_behind_and_kept(network, mode):
    scene = scene_of(network, mode)
    tags = {'none': [], 'vlan': [(0x8100, 7)], 'qinq': [(0x88a8, 100), (0x8100, 7)]}
    good, bad = [], []
    for number, tag in enumerate(tags.values()):
        good.append(ethernet(scene, 0x0800, query('good.example', port=4000 + number), tag))
        good.append(ethernet(scene, 0x88b5, bytes(range(50)), tag))  # not IP
        bad.append(ethernet(scene, 0x0800, query('bad.example', port=5000 + number), tag))
        bad.append(ethernet(scene, 0x0800, query('good.example', source='10.0.1.9'), tag))
    frames = [frame for pair in zip(good, bad) for frame in pair]
    # A receiving packet socket has the outer tag beside the frame: compared is what is behind it.
    got = received(scene, frames, len(good))
    assert got == [without_outer_tag(frame) for frame in good]


def without_outer_tag(frame):
    return frame[:12] + frame[16:] if frame[12:14] in (b'\x81\x00', b'\x88\xa8') else frame


def tunnels(packet):
    """A packet as tunnels carry it between two routers."""
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header
    from scapy.layers.inet import GRE, IP, UDP
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw
    outer, inner = IP(src='10.0.1.2', dst='10.0.2.10'), Raw(packet)
    link = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02', type=0x0800)
    return [bytes(one) for one in (
        outer / GRE(proto=0x0800, key_present=1, key=7) / inner,
        IP(src='10.0.1.2', dst='10.0.2.10', proto=4) / inner,
        outer / UDP(sport=40000, dport=4789) / VXLAN(vni=5, flags=8) / link / inner,
        outer / UDP(sport=40000, dport=6081) / GENEVE(vni=5, proto=0x6558) / link / inner,
        outer / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=1, gtp_type=255) / inner)]


@pytest.mark.parametrize('mode', BUMPS)
def test_tunnels_are_looked_into(network, mode):
    scene = scene_of(network, mode)
    good = tunnels(query('good.example', '192.168.7.2', '192.168.7.3'))
    bad = tunnels(query('bad.example', '192.168.7.2', '192.168.7.3', 4001)) + \
        tunnels(query('good.example', '10.0.1.9', '192.168.7.3', 4002))
    # The bad ones between the good ones: of a tunnel only what is listed goes.
    frames = [ethernet(scene, 0x0800, packet) for packet in good + bad + good]
    assert received(scene, frames, 2 * len(good)) == frames[:len(good)] + frames[-len(good):]


@pytest.mark.parametrize('mode', BUMPS)
def test_what_comes_in_fragments_is_put_together_to_be_judged(network, mode):
    from scapy.layers.inet import IP, fragment
    scene = scene_of(network, mode, vdev='net_af_xdp{},iface=g{}')
    wanted, frames = [], []
    for number, name in enumerate(('good', 'bad', 'good')):
        whole = IP(query(f'{name}.example', port=4000 + number))
        whole.id = 100 + number
        pieces = [ethernet(scene, 0x0800, bytes(piece)) for piece in fragment(whole, fragsize=16)]
        assert len(pieces) > 2
        frames += pieces
        wanted += pieces[:-1] if name == 'bad' else pieces  # the one that completes it is dropped
    assert received(scene, frames, len(wanted)) == wanted


@pytest.mark.parametrize('mode', MODES)
def test_fragments_and_full_frames_pass(network, mode):
    # DPDK's net_af_packet asks the kernel to put fragments together: not the driver to test this.
    scene = scene_of(network, mode, vdev='net_af_xdp{},iface=g{}')
    for size in (1472, 1473, 4000, 20000):
        assert ping_size(scene, '10.0.2.10', size), size
    for size in (1452, 1453, 4000):
        assert ping_size(scene, 'fd00:2::10', size), size
    assert not ping_size(scene, '10.0.2.66', 4000)
    assert not ping_size(scene, 'fd00:2::66', 4000)


def ping_size(scene, address, size):
    return scene.client.run('ping', '-c', '1', '-W', '1', '-s', str(size), address,
                            check=False).returncode == 0


@pytest.mark.parametrize('mode', MODES)
def test_jumbo_frames_pass_or_are_refused_in_words(network, mode):
    scene = Scene(network, mode, mtu=9000,
                  vdev='net_af_packet{},iface=g{},blocksz=65536,framesz=16384,framecnt=256')
    scene.sensor.start(ready=False)
    ready = wait_for(lambda: 'yes' if scene.sensor.ask('status', check=False).returncode == 0
                     else 'no' if not scene.sensor.process.is_running() else None)
    if ready == 'no':  # a kernel without multi-buffer AF_XDP
        assert 'MTU' in scene.sensor.process.error
        return
    for size in (1500, 4000, 8972):
        assert ping_size(scene, '10.0.2.10', size), f'{size} {scene.sensor.process.error}'
    assert not ping_size(scene, '10.0.2.66', 8972)


def test_without_redirection_all_passes_through_user_space(network):
    scene = Scene(network, 'inline-afxdp')
    for host in (scene.client, scene.server):
        host.run('ethtool', '-K', 'eth0', 'gro', 'off')
    services.start_web(scene.server)
    scene.sensor.start()
    assert 'cannot be redirected to' in scene.sensor.process.error
    done = scene.curl('http://10.0.2.10/large', '-o', '/dev/null', '-w', '%{size_download}')
    assert done.stdout == str(1 << 20), done.stderr
    assert scene.sensor.metric('sekisho_xdp_packets_total', reason='forwarded') == 0
