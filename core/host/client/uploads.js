// `dj-upload`: files, sent in pieces over the connection as soon as they are chosen.

// With its header a piece still is within what the server takes as one message.
const PIECE = 63 * 1024;

async function send(file, name, size, socket) {
  const id = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(id, byte => byte.toString(16).padStart(2, '0')).join('');
  const ref = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const about = { client_name: file.name, client_type: file.type, client_size: file.size, resumable: false };
  socket.send({ type: 'upload_register', upload_name: name, ref, ...about });
  for (let index = 0; index * size < file.size; index += 1) {
    const piece = new Uint8Array(await file.slice(index * size, (index + 1) * size).arrayBuffer());
    const frame = new Uint8Array(21 + piece.length);
    frame.set([1, ...id]);
    new DataView(frame.buffer).setUint32(17, index);
    frame.set(piece, 21);
    socket.send(frame);
  }
  socket.send(new Uint8Array([2, ...id]));
}

export function upload(view) {
  view.root.addEventListener('change', async ({ target }) => {
    const name = target.getAttribute('dj-upload');
    if (!name) return;
    for (const file of target.files) await send(file, name, view.uploads[name]?.chunk_size ?? PIECE, view.socket);
  });
}
