// Colours for `ksr` snippets in the book. The pages' own script has run by then, without knowing the language.
hljs.registerLanguage("ksr", () => ({
  name: "ksr",
  keywords: {
    keyword: "and as at by else fn for functional grid if in let loss not on or param system table then train use",
    literal: "true false",
    built_in: "describe exact load print save solve",
  },
  contains: [
    { className: "comment", begin: "#", end: "$" },
    { className: "string", begin: '"', end: '"', contains: [{ begin: "\\\\." }] },
    { className: "meta", begin: "@\\w+" },
    { className: "number", begin: "\\b\\d+(\\.\\d+)?([eE][+-]?\\d+)?\\b", relevance: 0 },
    // The name of an option or entry.
    { className: "attr", begin: "\\b[A-Za-z_]\\w*(?=\\s*:)" },
  ],
}));
for (const snippet of document.querySelectorAll("code.language-ksr")) {
  hljs.highlightBlock(snippet);
}
