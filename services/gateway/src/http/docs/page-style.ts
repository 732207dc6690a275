/** Style of the page to read; it follows the reader's light or dark setting. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { margin: 0; display: flex; font: 15px/1.5 system-ui, sans-serif; }
nav { width: 21rem; height: 100vh; overflow: auto; position: sticky; top: 0; padding: 1rem; box-sizing: border-box; border-right: 1px solid var(--line); font-size: 13px; }
nav ul { list-style: none; margin: 0; padding: 0; } nav a { color: inherit; text-decoration: none; overflow-wrap: anywhere; } nav a:hover { text-decoration: underline; }
main { flex: 1; min-width: 0; max-width: 60rem; padding: 1rem 2rem 8rem; }
section { border-top: 1px solid var(--line); padding: .5rem 0 1.5rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow: auto; }
b.get, b.post, b.put, b.patch, b.delete { text-transform: uppercase; font-size: 11px; } b.get { color: #1a7f37; } b.post { color: #0969da; } b.put, b.patch { color: #9a6700; } b.delete { color: #cf222e; }
table { border-collapse: collapse; } td { border-bottom: 1px solid var(--line); padding: .25rem .75rem .25rem 0; vertical-align: top; }
ul.fields { padding-left: 1.1rem; } ul.fields span { opacity: .7; } dt { font-weight: 600; } .or { margin: .25rem 0; opacity: .7; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; width: auto; height: auto; } main { padding: 1rem; } }
`;
