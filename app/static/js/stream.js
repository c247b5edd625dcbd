// Listens to one address's events with at most one open stream a browser. Over HTTP/1.1 a browser has six connections for a
// host and every stream holds one: six waiting pages would leave none to load a seventh. The page whose turn it is streams,
// any other that is seen asks every two seconds, and one that is hidden does not ask.
const TURN = "handcode:stream";
const WITHOUT_TURN_MS = 50; // The turn is given within a few milliseconds or not for long.
const AGAIN_MS = 5000; // After an answer that is not ours the browser itself does not ask again.

export function listen(address, handlers) {
  let source, timer, turn;

  function connect(url) {
    source?.close();
    clearTimeout(timer);
    const opened = (source = new EventSource(url));
    for (const [name, handle] of Object.entries(handlers)) opened.addEventListener(name, (event) => handle(event.data));
    opened.addEventListener("error", () => {
      if (opened === source && opened.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS, url);
    });
  }

  function begin() {
    if (turn) return;
    turn = new AbortController();
    const { signal } = turn;
    // Over plain http from another machine there are no locks: there each page that is seen streams.
    if (!navigator.locks) return connect(address);
    timer = setTimeout(connect, WITHOUT_TURN_MS, `${address}?brief=1`);
    const stream = () => {
      if (signal.aborted) return;
      connect(address);
      return new Promise((done) => signal.addEventListener("abort", done));
    };
    navigator.locks.request(TURN, { signal }, stream).catch((reason) => {
      if (reason.name !== "AbortError") throw reason; // Hidden or answered before its turn came.
    });
  }

  function pause() {
    turn?.abort();
    turn = undefined;
    source?.close();
    source = undefined;
    clearTimeout(timer);
  }

  const look = () => (document.visibilityState === "visible" ? begin() : pause());
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    pause();
  };
}
