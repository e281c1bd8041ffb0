// The connection: frames in order, kept alive, and made again when it is lost.

// How the server says that it does not want this page, and that the page asks too much.
const REFUSED = 4403;
const TOO_MUCH = 4429;

export class Socket {
  failures = 0;

  // `needs` says what a frame has to wait for, if anything.
  constructor(url, { needs, receive, lost }) {
    Object.assign(this, { url, needs, receive, lost });
    this.connect();
    setInterval(() => this.send({ type: 'ping' }), 30_000);
  }

  connect() {
    const frames = [];
    this.ws = new WebSocket(this.url);
    this.ws.onmessage = async ({ data }) => {
      this.failures = 0;
      // A frame that waits holds up those after it.
      if (frames.push(data) > 1) return;
      while (frames.length) {
        const needed = this.needs(frames[0]);
        if (needed) await needed;
        // None is left if the connection was lost meanwhile.
        const frame = frames.shift();
        if (frame) this.receive(JSON.parse(frame));
      }
    };
    this.ws.onclose = ({ code } = {}) => {
      frames.length = 0;
      this.lost();
      if (code === REFUSED || this.failures === 10) return;
      // Chance keeps the browsers of a restarted server from coming all at once.
      const most = Math.min(1000 * 2 ** this.failures++, 30_000);
      setTimeout(() => this.connect(), Math.max(code === TOO_MUCH ? 5000 : 500, Math.random() * most));
    };
  }

  send(frame) {
    if (this.ws.readyState === 1) this.ws.send(frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }
}
