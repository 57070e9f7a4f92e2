Redoc.init(
  new URL("../openapi.json", document.currentScript.src).href,
  {
    expandResponses: "200,201",
    theme: {
      typography: {
        fontFamily: "system-ui, sans-serif",
        headings: { fontFamily: "system-ui, sans-serif" },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  document.getElementById("redoc"),
);
