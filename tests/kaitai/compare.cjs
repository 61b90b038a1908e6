// Parsers that Kaitai's compiler makes of the tool's layouts, beside the tool itself.
//   node compare.cjs TOOL WORK FILE...
// WORK has the packages and takes what is compiled. Of every file: the parser finds what `inspect`
// finds, its fields lie side by side from the first byte to the last, a stored checksum is that of
// the bytes before it; cut off anywhere, or with a length or count that is too large, it is
// refused; with any byte changed it is refused, or read within its bytes.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const assert = require('assert').strict;

const [tool, work, ...files] = process.argv.slice(2);
const installed = (name) => require(path.join(work, 'node_modules', name));
const compiler = installed('kaitai-struct-compiler');
const KaitaiStream = installed('kaitai-struct/KaitaiStream');
const yaml = installed('yaml');

const run = (...call) => execFileSync(tool, call, { encoding: 'utf8', maxBuffer: 1 << 28 });
const inspected = (file) => JSON.parse(run('inspect', '--json', file));
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const hex32 = (number) => number.toString(16).padStart(8, '0');

// ---- checksums ----

const crc = (polynomial) => {
  const table = Array.from({ length: 256 }, (_, i) => {
    for (let k = 0; k < 8; ++k) i = i & 1 ? (i >>> 1) ^ polynomial : i >>> 1;
    return i >>> 0;
  });
  return (bytes) => {
    let sum = 0xffffffff;
    for (const byte of bytes) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  };
};
const sums = { crc32: crc(0xedb88320), crc32c: crc(0x82f63b78) };

// ---- parsing ----

const parsers = new Map();

async function parserOf(format) {
  if (!parsers.has(format)) {
    const ksy = run('layout', format, '--as', 'kaitai');
    fs.writeFileSync(path.join(work, `${format}.ksy`), ksy);
    // With debugging, each object remembers where its attributes lie.
    const made = await compiler.compile('javascript', yaml.parse(ksy), null, true);
    const [[name, source]] = Object.entries(made);
    const file = path.join(work, name);
    fs.writeFileSync(file, source);
    const module = require(file);
    const Parser = module[path.basename(name, '.js')] ?? module;
    parsers.set(format, (bytes) => {
      const parsed = new Parser(new KaitaiStream(bytes));
      parsed._read();
      return parsed;
    });
  }
  return parsers.get(format);
}

// What a parser may say of bad bytes; a RangeError, say, would come from believing them.
function refused(parse, bytes, what) {
  try {
    parse(bytes);
  } catch (error) {
    assert.match(error.name, /^(EOFError|Validation\w+Error)$/, `${what}: ${error.stack}`);
    return true;
  }
  return false;
}

// Every attribute with its place in the file, objects after what is in them.
function attributes(object, base = 0) {
  const found = [];
  const one = (name, value, at) => {
    if (value && value._debug) {
      // An object with a stream of its own counts from that one's beginning.
      found.push(...attributes(value, value._io === object._io ? base : base + at.start));
    }
    found.push({ name, value, start: base + at.start, end: base + at.end, in: object });
  };
  for (const [name, at] of Object.entries(object._debug)) {
    if (name.startsWith('_')) continue;
    const value = object[name];
    one(name, value, at);
    (at.arr ?? []).forEach((each, i) => one(`${name}[${i}]`, value[i], each));
  }
  return found;
}

// Side by side, each where the one before ends, to the end.
function sideBySide(object, start, end) {
  let at = start;
  for (const [name, place] of Object.entries(object._debug)) {
    if (name.startsWith('_')) continue;
    assert.equal(place.start, at, `${name} does not begin where the field before it ends`);
    at = place.end;
  }
  assert.equal(at, end, 'the fields do not end with the file');
}

const places = (parsed) => parsed._debug;

// ---- what the tool says, said by the parser ----

const id = (bytes) => hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const option = (value) => (value.hasValue ? value.value : null);
const text = (value) => value.value;
const map = (value) => Object.fromEntries(value.entries.map((e) => [text(e.key), text(e.value)]));
const actionNames = ['Put', 'PutMany', 'Find', 'Ask', 'Checkpoint', 'Update', 'Delete', 'ToolCall'];

// An action's members are numbers, digests, texts or lists of numbers.
const members = (object) =>
  Object.fromEntries(
    Object.keys(object._debug).map((name) => {
      const value = object[name];
      const snake = name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
      if (value instanceof Uint8Array) return [snake, hex(value)];
      return [snake, typeof value === 'object' ? value.items ?? text(value) : value];
    }),
  );

const sessionRow = (session) => ({
  id: id(session.sessionId.value),
  name: option(session.name)?.value ?? null,
  created_secs: session.createdSecs,
  ended_secs: option(session.endedSecs),
  actions: session.actions.items.length,
  checkpoints: session.checkpoints.items.length,
});

const digestOrNull = (value) => (option(value) ? hex(value.value) : null);

const wholeSession = (session) => ({
  session_id: id(session.sessionId.value),
  name: option(session.name)?.value ?? null,
  created_secs: session.createdSecs,
  ended_secs: option(session.endedSecs),
  checkpoints: session.checkpoints.items.map((each) => ({
    id: each.id,
    at_sequence: each.atSequence,
    timestamp_secs: each.timestampSecs,
    state_hash: hex(each.stateHash),
    snapshot: {
      frame_count: each.snapshot.frameCount,
      frame_ids: each.snapshot.frameIds.items,
      lex_index_hash: digestOrNull(each.snapshot.lexIndexHash),
      vec_index_hash: digestOrNull(each.snapshot.vecIndexHash),
      wal_sequence: each.snapshot.walSequence,
      generation: each.snapshot.generation,
    },
  })),
  actions: session.actions.items.map((each) => ({
    sequence: each.sequence,
    timestamp_secs: each.timestampSecs,
    action_type: { [actionNames[each.action.index]]: members(each.action.value) },
    input_hash: hex(each.inputHash),
    output_hash: hex(each.outputHash),
    input_preview: text(each.inputPreview),
    output_preview: text(each.outputPreview),
    affected_frames: each.affected.items,
    duration_ms: each.durationMs,
  })),
  metadata: map(session.metadata),
  version: session.version,
});

function sameSession(file, session) {
  const found = JSON.parse(run('session', file, id(session.sessionId.value), '--json'));
  assert.deepEqual(wholeSession(session), found);
}

function sameChecksum(bytes, parsed, said) {
  assert.equal(hex32(parsed.checksum), said.stored);
  assert.equal(sums[said.algorithm](bytes.subarray(0, bytes.length - 4)), parsed.checksum);
}

const same = {
  vamm(parsed, said, bytes) {
    assert.equal(parsed.version, said.version);
    sameChecksum(bytes, parsed, said.checksum);
    assert.deepEqual(
      said.sections,
      ['semantic', 'episodic', 'procedural', 'ttl'].map((name) => ({
        name,
        offset: places(parsed)[name].start,
        size: parsed[name].length,
        crc32: hex32(sums.crc32(parsed[name])),
      })),
    );
  },
  vsnp(parsed, said, bytes) {
    assert.equal(parsed.version, said.version);
    assert.equal(parsed.walPosition, said.wal_position);
    assert.equal(parsed.entries.length, said.entries);
    assert.equal(parsed.numEntries, said.entries);
    sameChecksum(bytes, parsed, said.checksum);
  },
  'memvid-segment'(parsed, said, bytes, file) {
    assert.equal(parsed.version, said.version);
    assert.equal(parsed.totalSize, said.size);
    const sessions = parsed.sessions.map((each) => each.frame.value);
    assert.deepEqual(sessions.map(sessionRow), said.sessions);
    for (const each of sessions.slice(0, 3)) sameSession(file, each);
  },
  'memvid-active'(parsed, said, bytes, file) {
    const active = parsed.payload.value;
    assert.deepEqual(sessionRow(active.session), said.session);
    sameSession(file, active.session);
    assert.equal(active.nextCheckpointId, said.next_checkpoint_id);
    assert.equal(active.actionsSinceCheckpoint, said.actions_since_checkpoint);
    assert.deepEqual(
      {
        auto_checkpoint_interval: active.config.autoCheckpointInterval,
        max_actions_per_session: option(active.config.maxActionsPerSession),
        auto_record: active.config.autoRecord === 1,
      },
      said.config,
    );
  },
  'chain-manifest'(parsed, said, bytes) {
    assert.equal(parsed.version, said.version);
    sameChecksum(bytes, parsed, said.checksum);
  },
  'chain-data'(parsed, said) {
    assert.equal(parsed.version, said.version);
  },
  'chunk-stream'(parsed, said, bytes) {
    assert.equal(parsed.messages.length, said.chunks);
    const first = option(parsed.messages[0].body.metadata.value);
    assert.equal(text(first.snapshotId), said.snapshot_id);
    assert.equal(first.totalSize, said.total_size);
    assert.deepEqual(
      first.files.items.map((each) => [text(each.fileName), each.fileSize, text(each.checksum)]),
      said.files.map((each) => [each.file_name, each.file_size, each.checksum]),
    );
    let at = 0;
    let data = 0;
    for (const { totalSize, body } of parsed.messages) {
      const message = bytes.subarray(at, at + totalSize);
      assert.equal(sums.crc32c(message.subarray(0, 16)), body.headChecksum);
      assert.equal(sums.crc32c(message.subarray(0, totalSize - 4)), body.checksum);
      data += option(body.fileChunk.value)?.data.value.length ?? 0;
      at += totalSize;
    }
    assert.equal(data, said.total_size);
    assert.deepEqual(
      parsed.messages.map((each) => each.body.isFinal),
      parsed.messages.map((_, i, all) => (i + 1 === all.length ? 1 : 0)),
    );
  },
  'delta-store': logs,
  'session-segment': logs,
  'session-journal': logs,
};

function logs(parsed, said, bytes) {
  for (const each of parsed.records) {
    const start = each._debug.magic.start;
    assert.equal(each.offset, start);
    assert.equal(sums.crc32c(bytes.subarray(start, start + 28)), each.headerChecksum);
    assert.equal(sums.crc32c([...each.payload, ...each.padding]), each.payloadChecksum);
  }
  assert.equal(said.size, bytes.length);
}

// By which name `layout` knows it.
function formatOf(said) {
  if (said.format === 'vamm') return `vamm-${said.version}`;
  return said.format === 'chunk-stream' ? `${said.wire}-stream` : said.format;
}

// ---- bad bytes ----

// Where a file of one message or record after another may end as well as where it does.
const endsWhole = (parsed) =>
  new Set((parsed._debug.messages ?? parsed._debug.records)?.arr?.map((each) => each.end) ?? []);

function cutOff(parse, bytes, parsed) {
  const whole = endsWhole(parsed);
  // What ends with a tail may end anywhere in it.
  for (let at = parsed._debug.pieces?.start ?? bytes.length; at < bytes.length; ++at) whole.add(at);
  // All of a small file's ends, and those of a large one's fields with what is around them.
  const ends = new Set();
  if (bytes.length <= 4500) {
    for (let size = 0; size < bytes.length; ++size) ends.add(size);
  } else {
    const all = attributes(parsed);
    const step = Math.ceil(all.length / 500);
    for (const each of all.filter((_, i) => i % step === 0)) {
      for (const at of [each.start, each.end, each.end - 1]) ends.add(at);
    }
    ends.delete(bytes.length);
  }
  let tried = 0;
  for (const size of ends) {
    if (size === bytes.length || (whole.has(size) && size !== 0)) continue;
    assert(refused(parse, bytes.slice(0, size), `cut off at ${size}`), `cut off at ${size}: taken`);
    ++tried;
  }
  return tried;
}

function tooLarge(parse, bytes, parsed) {
  let tried = 0;
  const lengths = attributes(parsed).filter(
    (each) => /^(len|num|totalSize|size)/.test(each.name) && typeof each.value === 'number' &&
      !/^numbers/.test(each.name) && each.in._debug[each.name] &&
      // A number that only says how large something elsewhere is.
      !(each.name === 'totalSize' && each.in.snapshotId),
  );
  const some = lengths.filter((_, i) => i % Math.ceil(lengths.length / 100) === 0);
  for (const { name, start, end } of some) {
    const width = end - start;
    const huge = [
      Buffer.alloc(width, 0xff),
      Buffer.from([...Array(width - 1).fill(0xff), 0x7f]),
      Buffer.from([...Array(width - 1).fill(0), 0x80]),
      Buffer.from([...Array(width - 1).fill(0), 0x40]),
    ];
    if (width === 8) huge.push(Buffer.from([0, 0, 0, 0, 0, 0, 0x20, 0]), Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]));
    const past = Buffer.alloc(width);
    past.writeUIntLE(bytes.length - start + 1, 0, Math.min(width, 6));
    huge.push(past);
    for (const each of huge) {
      const bad = Uint8Array.from(bytes);
      bad.set(each, start);
      const what = `${name} at ${start} set to ${each.toString('hex')}`;
      assert(refused(parse, bad, what), `${what}: taken`);
      ++tried;
    }
  }
  return tried;
}

function flipped(parse, bytes) {
  const step = Math.max(1, Math.floor(bytes.length / 800));
  const bad = Uint8Array.from(bytes);
  let taken = 0;
  for (let at = 0; at < bytes.length; at += step) {
    for (const bits of [0x01, 0x80, 0xff]) {
      bad[at] = bytes[at] ^ bits;
      if (!refused(parse, bad, `byte ${at} ^ ${bits}`)) {
        ++taken;
        const parsed = parse(bad);
        sideBySide(parsed, 0, bytes.length);
      }
    }
    bad[at] = bytes[at];
  }
  // Of texts, digests and numbers that say nothing about sizes.
  return taken;
}

// ---- all files ----

(async () => {
  const seen = new Map();
  for (const file of files) {
    const said = inspected(file);
    const format = formatOf(said);
    const parse = await parserOf(format);
    const bytes = new Uint8Array(fs.readFileSync(file));
    try {
      const parsed = parse(bytes);
      sideBySide(parsed, 0, bytes.length);
      assert.equal(said.size ?? bytes.length, bytes.length);
      same[said.format](parsed, said, bytes, file);
      const counts = seen.get(format) ?? { files: 0, cut: 0, large: 0, flips: 0 };
      counts.files += 1;
      counts.cut += cutOff(parse, bytes, parsed);
      counts.large += tooLarge(parse, bytes, parsed);
      counts.flips += flipped(parse, bytes);
      seen.set(format, counts);
    } catch (error) {
      error.message = `${file} (${format}): ${error.message}`;
      throw error;
    }
  }
  for (const { name } of JSON.parse(run('layout', '--json')).layouts) {
    assert(seen.has(name), `no file of the format ${name}`);
    const { files: count, cut, large, flips } = seen.get(name);
    console.log(`${name}: ${count} files agree; refused: ${cut} cut off, ${large} with a length ` +
      `too large; ${flips} other changes read within their bytes`);
  }
})().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
