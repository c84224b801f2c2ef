// Writes data/segments.json: the answers of npm's sms-segments-calculator (1.3.0, MIT), which our
// own count is tested against. To make the table again, in this folder:
//
//   npm install --no-save sms-segments-calculator@1.3.0 && node make_segments.mjs > data/segments.json
//
// With `-` it reads a JSON list of texts from standard input instead and prints their rows: that is
// how the test asks the calculator itself where node_modules is present.
import { readFileSync } from "node:fs";
import calculator from "sms-segments-calculator";

const { SegmentedMessage } = calculator;

function row(text) {
  const found = new SegmentedMessage(text);
  const bits = found.encodingName === "GSM-7" ? 7 : 16;
  return {
    text,
    encoding: found.encodingName,
    units: found.messageSize / bits,
    parts: found.segmentsCount,
  };
}

// A small generator, so that the table is the same whenever it is made.
let seed = 20261122;
const below = (limit) => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return Math.floor((seed / 2147483648) * limit);
};
const pick = (list) => list[below(list.length)];
const many = (list, count) => Array.from({ length: count }, () => pick(list)).join("");

const plain = [..."abcdefghijklmnopqrstuvwxyz  ABCDEFG 0123456789.,?!'"];
const basic = [...plain, ..."@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ\"#¤%&()*+-/:;<=>¡ÄÖÑÜ§¿äöñüà\n\r"];
const extended = [..."^{}\\[~]|€\f"];
const french = [...plain, ..."éèàùêëîïôûçœ’«»\u00a0\u202f"];
const wide = [...plain, ..."日本語مرحباשלוםПривет"];
const emoji = ["🙂", "🍕", "🎉", "❤️", "👍🏽", "👩‍🍳", "👨‍👩‍👧‍👦", "🇫🇷", "🇬🇧", "1️⃣", "☕", "✅", "é", "🏳️‍🌈"];

const texts = ["", " ", "€", "\r\n", "ê", "🙂", "👩‍🍳", "🇫🇷🇫🇷🇫", "e\u0301", "STOP", "a\u200db"];
for (const edge of [69, 70, 71, 133, 134, 135, 159, 160, 161, 305, 306, 307, 459, 460, 1600]) {
  texts.push("a".repeat(edge), "€".repeat(edge >> 1), "ê".repeat(edge), "🙂".repeat(edge >> 1));
  texts.push("a".repeat(edge - 1) + "€", "ê" + "a".repeat(edge - 2) + "🙂");
  texts.push("ê" + "a".repeat(edge - 3) + "🇫🇷", "e\u0301".repeat(edge >> 1));
}
for (let count = 0; count < 26; count += 1) {
  const length = 20 + below(380);
  texts.push(many(plain, length), many(basic, length), many([...basic, ...extended], length));
  texts.push(many(french, length), many(wide, length), many([...french, ...emoji], length >> 1));
  texts.push(many(emoji, length >> 3) + many(plain, 40));
}

const asked = process.argv[2] === "-" ? JSON.parse(readFileSync(0, "utf8")) : texts;
console.log(`[\n${asked.map((text) => JSON.stringify(row(text))).join(",\n")}\n]`);
