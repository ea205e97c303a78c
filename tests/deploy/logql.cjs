// Parses a LogQL query from standard input with Grafana's grammar and tells, as JSON, what it names.
const { readFileSync } = require("node:fs");
const { parser } = require("@grafana/lezer-logql");

const query = readFileSync(0, "utf8");
const found = { errors: [], labels: [], fields: [] };
parser.parse(query).iterate({
  enter({ type, from, to, node }) {
    if (type.isError) found.errors.push(`at ${from}: ${query.slice(from, from + 20)}`);
    if (type.name === "Identifier") found[isInSelector(node) ? "labels" : "fields"].push(query.slice(from, to));
  },
});
console.log(JSON.stringify(found));

function isInSelector(node) {
  for (let up = node.parent; up; up = up.parent) if (up.name === "Selector") return true;
  return false;
}
