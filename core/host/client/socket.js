// The connection: JSON frames in order, kept alive, and made again when it is lost.

const PING_MS = 30_000;
const ATTEMPTS = 10;

export class Socket {
  constructor(url, { receive, lost }) {
    Object.assign(this, { url, receive, lost, failures: 0 });
    this.connect();
    setInterval(() => this.send({ type: 'ping' }), PING_MS);
  }

  connect() {
    this.ws = new WebSocket(this.url);
    this.ws.onmessage = ({ data }) => {
      this.failures = 0;
      this.receive(JSON.parse(data));
    };
    this.ws.onclose = () => {
      this.lost();
      if (this.failures >= ATTEMPTS) return;
      // Chance keeps the browsers of a restarted server from coming all at once.
      const most = Math.min(1000 * 2 ** this.failures++, 30_000);
      setTimeout(() => this.connect(), Math.max(500, Math.random() * most));
    };
  }

  get isOpen() {
    return this.ws.readyState === WebSocket.OPEN;
  }

  send(frame) {
    if (this.isOpen) this.ws.send(frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }
}
