// The connection: frames in order, kept alive, and made again when it is lost.

export class Socket {
  failures = 0;

  constructor(url, receive, lost) {
    Object.assign(this, { url, receive, lost });
    this.connect();
    setInterval(() => this.send({ type: 'ping' }), 30_000);
  }

  connect() {
    this.ws = new WebSocket(this.url);
    this.ws.onmessage = ({ data }) => {
      this.failures = 0;
      this.receive(JSON.parse(data));
    };
    this.ws.onclose = () => {
      this.lost();
      if (this.failures === 10) return;
      // Chance keeps the browsers of a restarted server from coming all at once.
      const most = Math.min(1000 * 2 ** this.failures++, 30_000);
      setTimeout(() => this.connect(), Math.max(500, Math.random() * most));
    };
  }

  send(frame) {
    if (this.ws.readyState === 1) this.ws.send(frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }
}
