// What voices and mixes are called: `af_heart` to the API, Heart to people, `a(2)+b(1)` for a mix.

const languages = new Intl.DisplayNames("en", { type: "language" });

export const languageName = (code) => languages.of(code);

/** Name for people: `af_heart` is Heart. */
export function voiceName(id) {
  const name = id.slice(id.indexOf("_") + 1).replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A mix as requests spell it. */
export const mixName = (mix) =>
  mix.length === 1 ? mix[0].id : mix.map(({ id, weight }) => (weight === 1 ? id : `${id}(${weight})`)).join("+");

/** The parts of a mix, from its spelling. */
export const mixParts = (name) =>
  name.split("+").map((part) => {
    const [, id, weight] = part.match(/^([^(]*)(?:\((\d+)\))?$/) ?? [null, part];
    return { id, weight: Number(weight ?? 1) };
  });
