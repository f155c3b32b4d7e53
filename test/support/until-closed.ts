import type { Socket } from "node:net";

/** Until a socket is closed, whether its other side ended it or reset it. */
export const untilClosed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on("error", () => {});
    socket.once("close", () => resolve());
  });
