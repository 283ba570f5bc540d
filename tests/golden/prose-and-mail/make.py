"""Writes the inputs of this case."""
import pathlib
import zipfile

pathlib.Path('report.txt').write_text("""The gate keeper, version 12.0.4.11
References: https://blog.example/post

The loader asks hxxp://gate[.]example/x.php?a=1, then calls 198.18.7.7:4444
and drops setup[.]exe from a file server at 192.168.7.20.
SHA256 of it: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
通信先はgate[.]example[.]orgです。
""")

with zipfile.ZipFile('feeds.zip', 'w') as archive:
    archive.writestr('list.txt', 'one.example.com\nnot a value!\n')
    archive.writestr('table.csv', 'first_seen,domain\n2024-01-01,two.example.com\n')
    archive.writestr('logo.png', b'\x89PNG\r\n')

pathlib.Path('mail.eml').write_text("""From: Analyst <analyst@example.org>
Date: Mon, 01 Jan 2024 00:00:00 +0000
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

Please block evil[.]example at once.
--part
Content-Type: text/plain
Content-Disposition: attachment; filename=list.txt

three.example.com
co.uk
--part
Content-Type: application/octet-stream; name=cut.bin
Content-Transfer-Encoding: base64

YWJjZA
--part--
""")
