"""Hosts in network namespaces, joined by veth pairs: what tests of live traffic run in.

Everything made here has a name of its own, and is gone when the network is closed, also when the
test failed. Nothing is sent outside of it.
"""
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33  # socket(7); Python has no name for it
libc = ctypes.CDLL(None, use_errno=True)
counter = iter(range(1 << 30))


class Missing(Exception):
    """What a test needs and this machine has not: the test is skipped."""


def need(program):
    if shutil.which(program) is None:
        raise Missing(f'{program} is not installed')


def missing():
    """Why nothing of this can run here, or None."""
    if os.geteuid() != 0:
        return 'network namespaces need root'
    for program in ('ip', 'ethtool'):
        if shutil.which(program) is None:
            return f'{program} is not installed'
    probe = f'skp{os.getpid()}'
    if subprocess.run(['ip', 'netns', 'add', probe], capture_output=True).returncode != 0:
        return 'this machine cannot make network namespaces'
    subprocess.run(['ip', 'netns', 'del', probe], check=True)
    return None


def wait_for(condition, seconds=30.0, what='it'):
    """Returns the first true value that `condition` gives; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'{what} did not happen within {seconds} s')
        time.sleep(0.02)


class Process:
    """A program in a namespace; its output is in files."""

    def __init__(self, arguments, folder, program, environment=None, **options):
        name = f'{next(counter)}-{pathlib.Path(program).name}'
        self.out_path = folder / f'{name}.out'
        self.error_path = folder / f'{name}.err'
        with open(self.out_path, 'wb') as out, open(self.error_path, 'wb') as error:
            self.process = subprocess.Popen(arguments, stdout=out, stderr=error,
                                            stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(environment or {})}, **options)
        self.pid = self.process.pid

    @property
    def out(self):
        return self.out_path.read_text(errors='replace')

    @property
    def error(self):
        return self.error_path.read_text(errors='replace')

    def is_running(self):
        return self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=20):
        return self.process.wait(seconds)

    def stop(self, number=signal.SIGTERM, seconds=20):
        """Asks it to end; returns its exit status. Killed when it does not."""
        if self.is_running():
            self.send(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f'{self.process.args} did not end:\n{self.error}') from None


class Host:
    """One namespace."""

    def __init__(self, network, name):
        self.network = network
        self.name = name
        self.namespace = f'sk{os.getpid()}-{network.number}-{name}'
        command('ip', 'netns', 'add', self.namespace)
        self.run('ip', 'link', 'set', 'lo', 'up')
        # Neither router solicitations nor duplicate address detection: what is sent is ours.
        self.run('sysctl', '-q', '-w', *(f'net.ipv6.conf.{where}.{name}=0'
                                         for where in ('all', 'default')
                                         for name in ('accept_dad', 'router_solicitations')))

    def sysctl(self, name, value):
        self.run('sysctl', '-q', '-w', f'{name}={value}')

    def run(self, *arguments, check=True, seconds=30, text=None, environment=None):
        """Runs a program to its end; its standard output and error are in what is returned."""
        need(str(arguments[0]))
        done = subprocess.run(['ip', 'netns', 'exec', self.namespace, *map(str, arguments)],
                              capture_output=True, text=True, timeout=seconds, input=text,
                              errors='replace', env={**os.environ, **(environment or {})})
        if check and done.returncode != 0:
            raise AssertionError(f'{arguments} in {self.name}: exit {done.returncode}\n'
                                 f'{done.stdout}{done.stderr}')
        return done

    def start(self, *arguments, **options):
        """Starts a program, which ends with the network."""
        need(str(arguments[0]))
        process = Process(['ip', 'netns', 'exec', self.namespace, *map(str, arguments)],
                          self.network.folder, str(arguments[0]), **options)
        self.network.processes.append(process)
        return process

    def address(self, device, *addresses):
        for address in addresses:
            flags = ['nodad'] if ':' in address else []
            self.run('ip', 'address', 'add', address, 'dev', device, *flags)

    def route(self, destination, gateway):
        self.run('ip', '-6' if ':' in gateway else '-4', 'route', 'add', destination, 'via', gateway)

    def forwards(self):
        """This host is a router from now on."""
        self.sysctl('net.ipv4.ip_forward', 1)
        self.sysctl('net.ipv6.conf.all.forwarding', 1)

    def link(self, device, state):
        self.run('ip', 'link', 'set', device, state)

    def mac(self, device):
        return self.run('cat', f'/sys/class/net/{device}/address').stdout.strip()

    def count(self, device, name):
        """A counter of the interface: rx_packets, tx_packets, rx_dropped ..."""
        return int(self.run('cat', f'/sys/class/net/{device}/statistics/{name}').stdout)

    def socket(self, *arguments):
        """A socket of this namespace."""
        result = []

        def create():
            with open(f'/var/run/netns/{self.namespace}') as handle:
                if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), 'setns')
            result.append(socket.socket(*arguments))

        thread = threading.Thread(target=create)  # the namespace is a thread's
        thread.start()
        thread.join()
        return result[0]

    def packet_socket(self, device):
        """Sends and receives whole frames of a device."""
        result = self.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        result.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        result.bind((device, 0))
        return result

    def send_frames(self, device, frames, packets_per_s=None):
        """Sends whole frames, at most that fast."""
        with self.packet_socket(device) as sender:
            begin = time.monotonic()
            for number, frame in enumerate(frames):
                sender.send(frame)
                if packets_per_s and number % 16 == 15:
                    ahead = begin + number / packets_per_s - time.monotonic()
                    if ahead > 0:
                        time.sleep(ahead)


def command(*arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f'{arguments}: {done.stdout}{done.stderr}')


class Network:
    """All hosts of a test; a context manager."""

    def __init__(self):
        self.number = next(counter)
        self.hosts = []
        self.processes = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sekisho-net-'))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def host(self, name):
        host = Host(self, name)
        self.hosts.append(host)
        return host

    def join(self, a, device_a, b, device_b, mtu=1500, queues=1):
        """A veth pair between two hosts, up, without any offload: frames are what is sent."""
        command('ip', 'link', 'add', device_a, 'netns', a.namespace, 'mtu', mtu,
                'numtxqueues', queues, 'numrxqueues', queues, 'type', 'veth',
                'peer', 'name', device_b, 'netns', b.namespace, 'mtu', mtu,
                'numtxqueues', queues, 'numrxqueues', queues)
        for host, device in ((a, device_a), (b, device_b)):
            features = ('rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan')
            switches = [word for name in features for word in (name, 'off')]
            host.run('ethtool', '-K', device, *switches, check=False)
            host.link(device, 'up')
        for host, device in ((a, device_a), (b, device_b)):
            wait_for(lambda host=host, device=device:
                     host.run('cat', f'/sys/class/net/{device}/operstate').stdout.strip() == 'up',
                     what=f'{device} up')

    def close(self):
        for process in reversed(self.processes):
            if process.is_running():
                process.process.kill()
            process.process.wait()
        for host in self.hosts:
            subprocess.run(['ip', 'netns', 'del', host.namespace], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
