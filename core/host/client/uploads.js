// `dj-upload`: files, sent in pieces over the connection as soon as they are chosen.

const HEADER = 21;
// What the server takes as one message.
const MOST = 64 * 1024;
const [PIECE, COMPLETE] = [1, 2];

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const announce = (name, detail) => window.dispatchEvent(new CustomEvent(`djust:upload:${name}`, { detail }));

function pieceOf(id, index, bytes) {
  const frame = new Uint8Array(HEADER + bytes.length);
  frame.set([PIECE, ...id]);
  new DataView(frame.buffer).setUint32(17, index);
  frame.set(bytes, HEADER);
  return frame;
}

function showProgress(ref, progress) {
  const within = `[data-upload-ref="${CSS.escape(ref)}"]`;
  for (const bar of document.querySelectorAll(`${within} .upload-progress-bar`)) {
    bar.style.width = `${progress}%`;
    bar.setAttribute('aria-valuenow', progress);
  }
  for (const text of document.querySelectorAll(`${within} .upload-progress-text`)) text.textContent = `${progress}%`;
}

export function join(view) {
  // Those under way, by reference: what settles them, and whether the server knows of them.
  const uploads = new Map();

  function failAll(reason, isMeant = () => true) {
    for (const upload of uploads.values()) if (isMeant(upload)) upload.fail(new Error(reason));
  }

  async function sendPieces({ file, size, id, isOver }) {
    const { socket } = view;
    for (let index = 0; index * size < file.size; index += 1) {
      const bytes = await file.slice(index * size, (index + 1) * size).arrayBuffer();
      // A big file is not to be in memory as a whole.
      while (socket.ws.bufferedAmount > 4 * MOST && !isOver()) await pause(10);
      if (isOver()) return;
      socket.send(pieceOf(id, index, new Uint8Array(bytes)));
    }
    socket.send(new Uint8Array([COMPLETE, ...id]));
  }

  // Sends a file; the promise is kept when the server has all of it.
  function upload(file, name) {
    const { chunk_size: wanted = MOST, max_file_size: most = Infinity } = view.uploads[name] ?? {};
    const id = crypto.getRandomValues(new Uint8Array(16));
    const hex = Array.from(id, byte => byte.toString(16).padStart(2, '0')).join('');
    const ref = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    const done = new Promise((resolve, reject) => {
      const isOver = () => !uploads.has(ref);
      uploads.set(ref, { ref, name, file, size: Math.min(wanted, MOST - HEADER), id, isOver, succeed: resolve, fail: reject });
    }).finally(() => uploads.delete(ref));
    const about = { client_name: file.name, client_type: file.type, client_size: file.size, resumable: false };
    if (file.size > most) uploads.get(ref).fail(new Error('File too large'));
    else view.socket.send({ type: 'upload_register', upload_name: name, ref, ...about });
    return done;
  }

  view.root.addEventListener('change', async ({ target }) => {
    const name = target.getAttribute('dj-upload');
    for (const file of name ? [...target.files] : []) {
      try {
        await upload(file, name);
      } catch ({ message }) {
        console.error(`${file.name}: ${message}`);
        announce('error', { file: file.name, error: message });
      }
    }
  });

  return {
    upload,

    on_upload_registered({ ref }) {
      const known = uploads.get(ref);
      if (known) sendPieces(Object.assign(known, { isRegistered: true })).catch(known.fail);
    },

    on_upload_progress({ ref, progress, status, error }) {
      const known = uploads.get(ref);
      showProgress(ref, progress);
      announce('progress', { ref, progress, status, uploadName: known?.name ?? null });
      if (status === 'complete') known?.succeed({ ref, status });
      else if (status !== 'uploading') known?.fail(new Error(error ?? status));
    },

    // djust does not say which upload it refuses: it is the one that has just asked.
    on_error({ ref, error, event }) {
      failAll(error, each => (ref === undefined ? !event && !each.isRegistered : each.ref === ref));
    },

    lost: () => failAll('The connection was lost'),
  };
}
