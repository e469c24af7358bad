declare module "ws" {
	export interface Peer {
		send(data: string | Uint8Array): void;
		close(code?: number, reason?: string): void;
		on(event: "message", listener: (data: Buffer) => void): void;
	}
	export class WebSocketServer {
		constructor(options: { port: number; host: string });
		on(event: "connection", listener: (peer: Peer) => void): void;
		once(event: "listening", listener: () => void): void;
		address(): { port: number };
		readonly clients: Set<Peer & { terminate(): void }>;
		close(done?: () => void): void;
	}
	export const WebSocket: typeof globalThis.WebSocket;
}
