"""Runs in OpenTAXII's own environment: `serve PORT`, or `fill PORT` with blocks from standard input.

Each line of the input is a JSON list: content, binding.
"""
import json
import sys


def serve(port):
    from opentaxii.http import app
    from werkzeug.serving import run_simple
    run_simple('127.0.0.1', port, app, threaded=True)


def fill(port):
    from cabby import create_client
    client = create_client('127.0.0.1', port=port, use_https=False)
    client.set_auth(username='sensor', password='a pass phrase')
    for line in sys.stdin:
        content, binding = json.loads(line)
        client.push(content, binding, collection_names=['samples'], uri='/services/inbox')


{'serve': serve, 'fill': fill}[sys.argv[1]](int(sys.argv[2]))
