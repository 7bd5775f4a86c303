/// The frame that all pages share: one document that needs nothing but itself.
struct HTMLPage {
    let title: String
    let heading: String
    let lead: String
    /// What follows the heading in the page's header.
    var facts = ""
    /// Rules of style besides ``style``.
    var ownStyle = ""
    /// The sections, as HTML.
    let main: String

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Sidecart: \(escaped(title))</title>
        <style>
        \(Self.style)
        \(ownStyle)
        </style>
        </head>
        <body>
        <header>
        <h1>\(escaped(heading))</h1>
        <p class="lead">\(escaped(lead))</p>
        \(facts)
        </header>
        <main>
        \(main)
        </main>
        </body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1b2330; --soft: #5d6878; --ground: #f4f6f9;
          --card: #fff; --rule: #e2e7ee; --accent: #2f6fde; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8ecf3; --soft: #9aa6b8;
          --ground: #12161d; --card: #1b212b; --rule: #2d3644; --accent: #7aa7ff; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        header, main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 0; }
        main { display: grid; gap: 20px; padding-bottom: 48px;
          grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); }
        h1 { margin: 0; font-size: 28px; letter-spacing: -0.01em; }
        h2 { margin: 0; font-size: 17px; }
        section > p, .lead { margin: 2px 0 12px; color: var(--soft); }
        .lead { max-width: 75ch; font-size: 16px; }
        dl { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0 0; }
        dl div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
          padding: 8px 16px; }
        dt { color: var(--soft); font-size: 12px; }
        dd { margin: 0; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums; }
        section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
          padding: 18px 20px; min-width: 0; }
        .wide { grid-column: 1 / -1; }
        svg { display: block; width: 100%; height: auto; font: inherit; }
        svg text { fill: var(--ink); font-size: 14px; }
        svg .tick, svg .axis { fill: var(--soft); font-size: 13px; }
        svg .value { font-variant-numeric: tabular-nums; }
        svg .grid { stroke: var(--rule); }
        svg .even { stroke: var(--soft); stroke-dasharray: 2 5; }
        svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
        svg .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
        svg .dashed { stroke-dasharray: 6 4; }
        svg .dot { stroke: var(--card); stroke-width: 2; }
        svg .number { fill: #fff; font-size: 11px; font-weight: 700; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
          font-size: 14px; white-space: nowrap; }
        th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--rule); }
        thead th { color: var(--soft); font-weight: 500; }
        th:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
        tbody th { font-weight: 600; }
        th i { display: inline-block; width: 10px; height: 10px; border-radius: 3px;
          margin-right: 8px; }
        .text { text-align: left; white-space: normal; }
        .best { font-weight: 700; color: var(--accent); }
        small { display: block; color: var(--soft); font-weight: 400; font-size: 11px; }
        ul { margin: 8px 0 0; padding-left: 20px; }
        """
}
