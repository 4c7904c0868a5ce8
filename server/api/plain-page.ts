/** A page without script, and with nothing from elsewhere. `title` and `body` are HTML, `style` is added to what each has. */
export function plainPage(title: string, style: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${COLOURS}${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const COLOURS = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; color: light-dark(#14171a, #e6e8ea); background: light-dark(#fff, #14171a) }
a { color: light-dark(#0b5394, #8cc8ff) }
`;
