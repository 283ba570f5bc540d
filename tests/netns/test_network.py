"""The harness itself: what the other tests rely on."""
import subprocess


def test_two_hosts_reach_each_other(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0')
    a.address('eth0', '192.0.2.1/24', '2001:db8::1/64')
    b.address('eth0', '192.0.2.2/24', '2001:db8::2/64')
    a.run('ping', '-c', '1', '-W', '2', '192.0.2.2')
    a.run('ping', '-c', '1', '-W', '2', '2001:db8::2')


def test_frames_arrive_as_they_were_sent(network):
    a, b = network.host('a'), network.host('b')
    network.join(a, 'eth0', b, 'eth0', mtu=9000)
    frames = [bytes.fromhex('020000000002' '020000000001' '88b5') + bytes([i % 256]) * size
              for i, size in enumerate([46, 100, 1500, 9000])]
    with b.packet_socket('eth0') as receiver:
        receiver.settimeout(5)
        a.send_frames('eth0', frames)
        received = []
        while len(received) < len(frames):
            frame = receiver.recv(65536)
            if frame[12:14] == b'\x88\xb5':
                received.append(frame)
    assert received == frames


def test_nothing_is_left_behind():
    import network as networks
    with networks.Network() as made:
        host = made.host('a')
        made.join(host, 'eth0', made.host('b'), 'eth0')
        process = host.start('sleep', '60')
        name = host.namespace
    assert not process.is_running()
    assert name not in subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True).stdout
