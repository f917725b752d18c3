/**
 * What Coinbase Exchange's answers say of topics: the whole state, or a refusal in words for people.
 *
 * Sources as in `coinbase-exchange.ts`.
 */
import { isRecord, textOf } from "./kit/json.ts";
import { splitTopic } from "./kit/topic-grammar.ts";

/** `level2_batch` may come back by its other name. [seen] */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([["level2_50", "level2_batch"]]);

/** All topics of `{"type":"subscriptions","channels":[{"name":…,"product_ids":[…]}]}`. [docs, rec] */
export function subscribedTopics(message: object): readonly string[] {
  const { channels }: { readonly channels?: unknown } = message;
  if (!Array.isArray(channels)) throw new Error("subscriptions without channels");
  return channels.flatMap((channel: unknown): readonly string[] => {
    if (!isRecord(channel)) return [];
    const given = textOf(channel["name"]);
    const name = OTHER_NAMES.get(given) ?? given;
    if (name === "status") return [name];
    const products = channel["product_ids"];
    return Array.isArray(products) ? products.map((product) => `${name}:${textOf(product)}`) : [];
  });
}

/** `GIBBERISH-USD is not a valid product` [errors] */
const UNKNOWN_PRODUCT = /^(\S+) is not a valid product/;
/** `level2, level3, and full channels now require authentication. https://…` [errors] */
const NEEDS_LOGIN = /^(.+) channels now require authentication/;

/**
 * Which of the topics asked for an error means; none where its words are not known: the request's own
 * deadline then says which it was. What else the refused request asked for is left to that deadline too:
 * nothing says what becomes of it.
 */
export function refusedTopics(
  message: object,
  asked: Iterable<string>,
): { readonly topics: readonly string[]; readonly error: string } {
  const { message: title, reason }: { readonly message?: unknown; readonly reason?: unknown } =
    message;
  const error = [title, reason]
    .filter((part) => part !== undefined)
    .map(textOf)
    .join(": ");
  const why = textOf(reason ?? "");
  const unknown = UNKNOWN_PRODUCT.exec(why)?.[1];
  const closed = NEEDS_LOGIN.exec(why)?.[1]?.split(/\W+/) ?? [];
  const topics = [...asked].filter((topic) => {
    const [channel, product] = splitTopic(topic);
    return product === unknown || closed.includes(channel);
  });
  return { topics, error };
}
