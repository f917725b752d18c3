// What the messages look like: JSON as exchanges send it, about as long as asked.
//
// Every payload ends in a ten-digit number under the key "u", which the server counts up as it sends.

export const FIRST_NUMBER = 1_000_000_000;
export const NUMBER_KEY = '"u":';

/** @param {number} bytes - 16, 200 or 4,096, roughly. */
export function payload(bytes, index) {
  const number = `${NUMBER_KEY}${FIRST_NUMBER}`;
  if (bytes <= 20) return `{${number}}`;
  if (bytes <= 400) return trade(index, number);
  return depth(bytes, index, number);
}

function trade(index, number) {
  const price = (97_000 + ((index * 7_919) % 100_000) / 100).toFixed(8);
  const quantity = (((index * 104_729) % 99_991) / 100_000).toFixed(8);
  return (
    `{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":${1_732_273_200_000 + index},` +
    `"s":"BTCUSDT","a":${3_200_000_000 + index},"p":"${price}","q":"${quantity}",` +
    `"f":${4_100_000_000 + index},"l":${4_100_000_001 + index},"m":true},${number}}`
  );
}

function depth(bytes, index, number) {
  const levels = [];
  for (let length = 80; length < bytes; length += levels.at(-1).length + 1) {
    const at = index + levels.length;
    const price = (97_000 + ((at * 7_919) % 100_000) / 100).toFixed(8);
    const quantity = (((at * 104_729) % 99_991) / 10_000).toFixed(8);
    levels.push(`["${price}","${quantity}"]`);
  }
  const half = levels.length >> 1;
  return (
    `{"e":"depthUpdate","E":${1_732_273_200_000 + index},"s":"BTCUSDT",` +
    `"b":[${levels.slice(0, half).join()}],"a":[${levels.slice(half).join()}],${number}}`
  );
}
