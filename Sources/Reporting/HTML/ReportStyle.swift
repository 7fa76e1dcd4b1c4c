/// How a report looks: black on paper white, or the reverse where the reader's system is dark; one colour for curves.
enum ReportStyle {
  static let css = """
    :root {
      color-scheme: light dark;
      --paper: #fdfcfa; --ink: #1d1d1f; --faint: #6d6a65; --rule: #e4e0d9; --curve: #1f5fa8; --alarm: #b3261e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #17181a; --ink: #e6e3dd; --faint: #98948c; --rule: #34353a; --curve: #7fb2ee; --alarm: #f2867e;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; max-width: 1000px; padding: 48px 20px 96px; background: var(--paper); color: var(--ink);
      font: 15px/1.5 ui-sans-serif, system-ui, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif;
      font-variant-numeric: tabular-nums;
    }
    h1, h2 { font-family: Charter, "Iowan Old Style", "Source Serif 4", Georgia, "DejaVu Serif", serif; }
    h1 { font-size: 34px; line-height: 1.15; font-weight: 600; margin: 0; letter-spacing: -0.01em; }
    h2 { font-size: 20px; font-weight: 600; margin: 0; }
    h3 { font-size: 13px; font-weight: 500; margin: 0 0 4px; color: var(--faint); }
    .when { color: var(--faint); margin: 6px 0 0; }
    section { margin-top: 48px; }
    section > h2 { margin-bottom: 12px; }
    .figures {
      display: flex; flex-wrap: wrap; gap: 12px 44px; margin: 32px 0 0; padding: 18px 0;
      border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule);
    }
    .figures div { display: flex; flex-direction: column; }
    .figures dd { margin: 0; font-size: 24px; line-height: 1.25; }
    .figures dt { color: var(--faint); font-size: 13px; }
    figure { margin: 0; min-width: 0; }
    .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 32px 24px; }
    figure + .grid, .grid + .grid { margin-top: 32px; }
    svg { display: block; width: 100%; height: auto; overflow: visible; }
    .grid svg { max-width: 520px; }
    svg text { fill: var(--faint); font-size: 12px; }
    @media (max-width: 760px) { .loss svg text { font-size: 17px; } }
    svg text.y { text-anchor: end; dominant-baseline: middle; }
    svg text.x { text-anchor: middle; }
    svg text.end { fill: var(--ink); dominant-baseline: middle; font-weight: 600; }
    svg .rule { stroke: var(--rule); stroke-width: 1; }
    svg .curve { fill: none; stroke: var(--curve); stroke-width: 1.75; stroke-linejoin: round; }
    svg .band { fill: var(--curve); opacity: 0.16; }
    svg .end { fill: var(--curve); }
    svg .resume { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 2 4; }
    svg .bad { stroke: var(--alarm); stroke-width: 1; opacity: 0.7; }
    .loss { position: relative; }
    .loss input { position: absolute; opacity: 0; }
    .loss label { cursor: pointer; color: var(--faint); font-size: 13px; margin-right: 14px; padding-bottom: 2px; }
    .loss input:checked + label { color: var(--ink); border-bottom: 1.5px solid var(--curve); }
    .loss input:focus-visible + label { outline: 2px solid var(--curve); outline-offset: 3px; }
    .loss .logarithmic, .loss #logarithmic:checked ~ .linear { display: none; }
    .loss #logarithmic:checked ~ .logarithmic { display: block; }
    .loss div { margin-top: 10px; }
    img { display: block; width: 100%; height: auto; image-rendering: pixelated; }
    figcaption { color: var(--faint); font-size: 13px; margin-top: 6px; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; }
    th { text-align: left; font-weight: 500; color: var(--faint); }
    th, td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    .numbers th, .numbers td, .number { text-align: right; }
    .numbers { width: auto; }
    .configuration td { border-bottom: 0; padding-top: 2px; padding-bottom: 2px; }
    .configuration .first td { border-top: 1px solid var(--rule); padding-top: 10px; }
    .configuration td:last-child { color: var(--faint); }
    code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, "Liberation Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
    details summary { cursor: pointer; }
    details summary h2 { display: inline; }
    details table { margin-top: 12px; }
    """
}
