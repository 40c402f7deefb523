// As much of a desktop as the window asks for on the session bus: notices are taken, files are shown. What was asked is kept.
import { createConnection } from "node:net";

const CALL = 1;
const RETURN = 2;
const FIELDS = { 1: "path", 2: "interface", 3: "member", 5: "replyTo", 6: "destination", 7: "sender", 8: "signature" };

/** Reads values of the types a window sends: y u i s o g v, arrays and dictionaries of them. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  align(to) {
    this.at = Math.ceil(this.at / to) * to;
  }

  u32() {
    this.align(4);
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }

  text(length) {
    this.at += length + 1;
    return this.bytes.toString("utf8", this.at - length - 1, this.at - 1);
  }

  one(type) {
    switch (type[0]) {
      case "y":
        return this.bytes[this.at++];
      case "b":
      case "u":
        return this.u32();
      case "i":
        return this.u32() | 0;
      case "s":
      case "o":
        return this.text(this.u32());
      case "g":
        return this.text(this.bytes[this.at++]);
      case "v":
        return this.one(this.text(this.bytes[this.at++]));
      case "a": {
        const end = this.u32();
        const element = type.slice(1);
        this.align(/^[{(xtd]/.test(element) ? 8 : 4);
        const stop = this.at + end;
        const values = [];
        while (this.at < stop) {
          if (element[0] === "{" || element[0] === "(") {
            this.align(8);
            values.push(this.all(element.slice(1, -1)));
          } else values.push(this.one(element));
        }
        return values;
      }
      default:
        throw new Error(`no reader for ${type}`);
    }
  }

  all(signature) {
    const values = [];
    for (const [type] of signature.matchAll(/a*(\{.*?\}|\(.*?\)|[a-z])/g)) values.push(this.one(type));
    return values;
  }
}

/** Writes strings and numbers of 32 bits. */
function written(signature, values) {
  const parts = [];
  let length = 0;
  const add = bytes => (parts.push(bytes), (length += bytes.length));
  const number = value => {
    add(Buffer.alloc((4 - (length % 4)) % 4));
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    add(bytes);
  };
  [...signature].forEach((type, at) => {
    if (type === "u") return number(values[at]);
    number(Buffer.byteLength(values[at]));
    add(Buffer.from(`${values[at]}\0`));
  });
  return Buffer.concat(parts);
}

function message(type, serial, fields, signature, body) {
  const parts = [Buffer.from([0x6c, type, 0, 1]), written("uu", [body.length, serial])];
  const entries = [];
  let length = 0;
  for (const [code, kind, value] of signature === "" ? fields : [...fields, [8, "g", signature]]) {
    const padding = Buffer.alloc((8 - (length % 8)) % 8);
    const head = Buffer.from([code, 1, kind.charCodeAt(0), 0]);
    const content = kind === "g" ? Buffer.from([value.length, ...Buffer.from(value), 0]) : written(kind === "u" ? "u" : "s", [value]);
    const entry = Buffer.concat([padding, head, content]);
    entries.push(entry);
    length += entry.length;
  }
  const list = Buffer.concat(entries);
  parts.push(written("u", [list.length]), list);
  const head = Buffer.concat(parts);
  return Buffer.concat([head, Buffer.alloc((8 - (head.length % 8)) % 8), body]);
}

/** Takes `names` on the session bus, and answers calls of their methods by `answer(member, args)`: `[signature, values]`. */
export async function takeNames(names, answer) {
  const address = /unix:(path|abstract)=([^,]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS);
  const socket = createConnection(address[1] === "path" ? address[2] : `\0${address[2]}`);
  let serial = 0;
  let buffered = Buffer.alloc(0);
  const waiting = new Map();
  const send = (type, fields, signature = "", values = []) => {
    socket.write(message(type, ++serial, fields, signature, written(signature, values)));
    return serial;
  };
  const call = (member, signature, values) =>
    new Promise(resolve => {
      const bus = "org.freedesktop.DBus";
      waiting.set(send(CALL, [[1, "o", "/org/freedesktop/DBus"], [2, "s", bus], [3, "s", member], [6, "s", bus]], signature, values), resolve);
    });
  const take = bytes => {
    buffered = Buffer.concat([buffered, bytes]);
    while (buffered.length >= 16) {
      const head = 16 + buffered.readUInt32LE(12);
      const start = Math.ceil(head / 8) * 8;
      const end = start + buffered.readUInt32LE(4);
      if (buffered.length < end) return;
      const fields = {};
      const reader = new Reader(buffered.subarray(0, head));
      reader.at = 16;
      while (reader.at < head) {
        reader.align(8);
        const code = reader.one("y");
        fields[FIELDS[code] ?? code] = reader.one("v");
      }
      const [type, sent] = [buffered[1], buffered.readUInt32LE(8)];
      const args = new Reader(buffered.subarray(start, end)).all(fields.signature ?? "");
      buffered = Buffer.from(buffered.subarray(end));
      if (type === RETURN) waiting.get(fields.replyTo)?.(args);
      if (type !== CALL) continue;
      const [signature, values] = answer(fields.member, args);
      send(RETURN, [[5, "u", sent], [6, "s", fields.sender]], signature, values);
    }
  };
  await new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", reply => (String(reply).startsWith("OK") ? resolve() : reject(new Error(String(reply)))));
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid())).toString("hex")}\r\n`);
  });
  socket.on("data", take);
  socket.write("BEGIN\r\n");
  await call("Hello", "", []);
  for (const name of names) await call("RequestName", "su", [name, 0]);
  return () => socket.destroy();
}
