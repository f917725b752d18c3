// A client of a numbered feed that says each message, gap and reset as a JSON line.
//   node numbered-client.mjs DIST URL
const [dist, url] = process.argv.slice(2);
const { supervise } = await import(`${dist}/src/index.js`);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const client = supervise(url, {
  topics: ["a"],
  decode: (data) => JSON.parse(data.toString()),
  sequence: ({ s, n }) =>
    n === undefined ? undefined : { stream: s, first: n, last: n, scope: "stream" },
  subscriptions: {
    subscribe: (topics, id) => ({ op: "sub", topics, id }),
    acknowledge: ({ ack }) => (ack === undefined ? undefined : { id: ack }),
  },
});
client.on("gap", ({ from, to }) => say({ from, to }));
client.on("reset", ({ stream }) => say({ reset: stream }));
client.on("message", ({ data }) => say({ n: data.n }));
