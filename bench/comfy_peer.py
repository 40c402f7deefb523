"""The usual way to run a graph on ComfyUI from Python: a websocket until `executing` null, then /history, then /view.
As script_examples/websockets_api_example.py of ComfyUI does it, with websocket-client and urllib; here it also writes the
files. One graph per line of stdin as {"graph": …, "out": …}; answers the milliseconds from submit to bytes on disk."""

import json
import sys
import time
import urllib.parse
import urllib.request
import uuid

import websocket

server = sys.argv[1].removeprefix("http://")
client_id = str(uuid.uuid4())


def get(path, **query):
    with urllib.request.urlopen(f"http://{server}/{path}?{urllib.parse.urlencode(query)}") as answer:
        return answer.read()


def run(socket, graph, out):
    body = json.dumps({"prompt": graph, "client_id": client_id}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{server}/prompt", data=body)) as answer:
        prompt_id = json.loads(answer.read())["prompt_id"]
    while True:
        message = socket.recv()
        if not isinstance(message, str):
            continue
        message = json.loads(message)
        if message["type"] == "executing" and message["data"]["node"] is None and message["data"]["prompt_id"] == prompt_id:
            break
    outputs = json.loads(get(f"history/{prompt_id}"))[prompt_id]["outputs"]
    for node in outputs.values():
        for image in node.get("images", []):
            picture = get("view", filename=image["filename"], subfolder=image["subfolder"], type=image["type"])
            with open(out, "wb") as file:
                file.write(picture)


socket = websocket.WebSocket()
socket.connect(f"ws://{server}/ws?clientId={client_id}")
print("ready", flush=True)
for line in sys.stdin:
    work = json.loads(line)
    start = time.perf_counter()
    run(socket, work["graph"], work["out"])
    print((time.perf_counter() - start) * 1000, flush=True)
socket.close()
