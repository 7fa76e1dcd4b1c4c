/// How a report looks: ink on paper white, or the reverse where the reader's system is dark; six colours that readers who see
/// fewer can tell apart; one column on a telephone.
enum ReportStyle {
  static let css = """
    :root {
      color-scheme: light dark;
      --paper: #fbfaf8; --card: #ffffff; --ink: #1c1d20; --faint: #66645f; --rule: #e3dfd8; --soft: #f1eee9;
      --good: #1f7a4d; --notice: #9a6700; --warning: #b3261e;
      --c0: #2563ab; --c1: #c2590c; --c2: #1f7a4d; --c3: #8445bc; --c4: #b3265f; --c5: #5f6b14;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #141518; --card: #1c1e22; --ink: #e8e6e1; --faint: #a09c94; --rule: #33353b; --soft: #26282d;
        --good: #6cc797; --notice: #e2b454; --warning: #f28b82;
        --c0: #7db3f2; --c1: #f0a05a; --c2: #6cc797; --c3: #c39bef; --c4: #f08cb0; --c5: #c5d06a;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; max-width: 1240px; padding: 40px 24px 96px; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif;
      font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
    }
    h1, h2 { line-height: 1.2; font-weight: 650; letter-spacing: -0.012em; margin: 0; overflow-wrap: anywhere; }
    h1 { font-size: 30px; }
    h2 { font-size: 19px; }
    section { margin-top: 44px; }
    section > h2 { margin-bottom: 14px; }
    p { margin: 0; overflow-wrap: anywhere; }
    .over { color: var(--faint); font-size: 13px; margin-bottom: 4px; }
    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; }
    .badge {
      display: inline-flex; align-items: center; gap: 7px; padding: 3px 11px 3px 9px; border-radius: 99px;
      background: var(--soft); font-size: 13px; font-weight: 600;
    }
    .badge::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
    .running, .finished { color: var(--good); }
    .stopped, .empty { color: var(--notice); }
    .failed, .crashed { color: var(--warning); }
    .running.badge::before { animation: pulse 2s ease-in-out infinite; }
    @keyframes pulse { 50% { opacity: 0.25; } }
    @media (prefers-reduced-motion: reduce) { .running.badge::before { animation: none; } }
    .headline { font-size: 17px; margin-top: 12px; max-width: 74ch; }
    .when { color: var(--faint); font-size: 13px; margin-top: 4px; }
    .late { color: var(--warning); }
    .progress { height: 5px; border-radius: 3px; background: var(--soft); margin-top: 18px; overflow: hidden; }
    .progress i { display: block; height: 100%; background: var(--c0); }
    .health { list-style: none; margin: 24px 0 0; padding: 0; display: grid; gap: 8px; }
    .health li {
      background: var(--card); border: 1px solid var(--rule); border-left: 4px solid var(--good); border-radius: 6px;
      padding: 10px 14px;
    }
    .health .notice { border-left-color: var(--notice); }
    .health .warning { border-left-color: var(--warning); }
    .health p + p { color: var(--faint); margin-top: 2px; }
    .health b { font-weight: 600; }
    .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(164px, 1fr)); gap: 10px; margin: 24px 0 0; }
    .figures div {
      display: flex; flex-direction: column; padding: 11px 14px; background: var(--card); border: 1px solid var(--rule);
      border-radius: 8px; min-width: 0;
    }
    .figures dd { order: 1; margin: 0; font-size: 21px; line-height: 1.3; font-weight: 600; }
    .figures dt { order: 2; color: var(--faint); font-size: 13px; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); gap: 16px; }
    figure { margin: 0; min-width: 0; }
    .panel.run { border-top: 4px solid var(--k); }
    .panel.run.d1 { border-top-style: dashed; }
    .panel.run.d2 { border-top-style: dotted; }
    .panel.run.d3 { border-top-style: double; }
    .run .title { justify-content: space-between; }
    .run h2 { font-size: 17px; }
    .run .figures { grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); gap: 6px 12px; margin-top: 12px; }
    .run .figures div { border: 0; padding: 0; }
    .run .figures dd { font-size: 16px; }
    .run .health { margin-top: 12px; font-size: 14px; gap: 4px; }
    .run .health li { border-width: 0 0 0 3px; border-radius: 0; padding: 1px 10px; }
    .chart, .panel {
      background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 16px 10px;
    }
    .chart.large { margin-bottom: 16px; }
    .panel + .chart { margin-top: 16px; }
    .chart figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; min-height: 24px; }
    .chart figcaption b { font-weight: 600; font-size: 14px; }
    .large figcaption b { font-size: 15px; }
    .key { font-size: 13px; color: var(--faint); white-space: nowrap; }
    .key output { color: var(--ink); font-weight: 600; }
    .key i { display: inline-block; width: 10px; height: 3px; border-radius: 2px; background: var(--k); margin: 0 6px 3px 0; }
    .key.d1 i { width: 18px; background: repeating-linear-gradient(90deg, var(--k) 0 7px, transparent 7px 11px); }
    .key.d2 i { width: 18px; background: repeating-linear-gradient(90deg, var(--k) 0 2px, transparent 2px 5px); }
    .key.d3 i {
      width: 18px; background: repeating-linear-gradient(90deg, var(--k) 0 7px, transparent 7px 10px, var(--k) 10px 12px, transparent 12px 15px);
    }
    .key.level i { width: 18px; height: 0; border-radius: 0; background: none; border-top: 2px dashed var(--faint); }
    .key.level.l1 i { border-top-style: dotted; }
    .key.level b { color: var(--ink); font-size: 13px; font-weight: 600; }
    .at { font-size: 13px; color: var(--faint); margin-left: auto; white-space: nowrap; }
    .plot { position: relative; height: 150px; margin: 12px 6px 24px 54px; touch-action: pan-y; }
    .large .plot { height: 300px; }
    .plot svg { display: block; width: 100%; height: 100%; overflow: hidden; }
    .plot svg * { vector-effect: non-scaling-stroke; }
    .plot span { position: absolute; font-size: 12px; line-height: 1; color: var(--faint); white-space: nowrap; }
    .plot .y { right: 100%; margin-right: 8px; transform: translateY(-50%); }
    .plot .x { top: 100%; margin-top: 9px; transform: translateX(-50%); }
    .c0 { --k: var(--c0); } .c1 { --k: var(--c1); } .c2 { --k: var(--c2); }
    .c3 { --k: var(--c3); } .c4 { --k: var(--c4); } .c5 { --k: var(--c5); }
    svg .rule { stroke: var(--rule); }
    svg .level { stroke: var(--faint); stroke-dasharray: 6 4; }
    svg .level.l1 { stroke-dasharray: 2 3; }
    svg .seam { stroke: var(--faint); stroke-dasharray: 2 4; }
    svg .bad { stroke: var(--warning); opacity: 0.6; }
    svg .curve { fill: none; stroke: var(--k); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
    svg .curve.d1 { stroke-dasharray: 9 4; }
    svg .curve.d2 { stroke-dasharray: 2 3; }
    svg .curve.d3 { stroke-dasharray: 9 3 2 3; }
    svg .band { fill: var(--k); opacity: 0.17; stroke: none; }
    .dot {
      position: absolute; width: 7px; height: 7px; margin: -3.5px 0 0 -3.5px; border-radius: 50%; background: var(--k);
      pointer-events: none;
    }
    .cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--faint); pointer-events: none; }
    .scales { position: relative; }
    .scales input { position: absolute; opacity: 0; }
    .scales label { cursor: pointer; color: var(--faint); font-size: 13px; margin-right: 12px; padding-bottom: 2px; }
    .scales input:checked + label { color: var(--ink); border-bottom: 2px solid var(--c0); }
    .scales input:focus-visible + label { outline: 2px solid var(--c0); outline-offset: 3px; }
    .scales .plot[data-scale=logarithmic], .scales input:nth-of-type(2):checked ~ .plot[data-scale=linear] { display: none; }
    .scales input:nth-of-type(2):checked ~ .plot[data-scale=logarithmic] { display: block; }
    .bar { display: flex; height: 14px; border-radius: 4px; overflow: hidden; margin: 10px 0 8px; background: var(--soft); }
    .bar i { background: var(--k); }
    .bar i + i { border-left: 1px solid var(--card); }
    .keys { display: flex; flex-wrap: wrap; gap: 2px 18px; }
    .galleries img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }
    .galleries img[hidden] { display: none; }
    .slider { display: flex; align-items: center; gap: 14px; margin-bottom: 12px; }
    .slider input { flex: 1; max-width: 460px; accent-color: var(--c0); }
    .slider output { font-weight: 600; white-space: nowrap; }
    .note { color: var(--faint); font-size: 13px; margin-top: 8px; max-width: 80ch; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; }
    th { text-align: left; font-weight: 500; color: var(--faint); }
    th, td { padding: 5px 18px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    .events td { overflow-wrap: anywhere; }
    .number { text-align: right; white-space: nowrap; }
    .numbers { width: auto; }
    .settings { display: grid; gap: 0; }
    .settings > div {
      display: grid; grid-template-columns: minmax(200px, 24%) minmax(120px, 26%) 1fr; gap: 0 18px; padding: 5px 0;
      border-bottom: 1px solid var(--rule); font-size: 14px;
    }
    .settings span { color: var(--faint); }
    .settings.narrow > div { grid-template-columns: minmax(170px, 24%) 1fr; }
    code {
      font: 13px/1.6 ui-monospace, "SF Mono", Menlo, "Liberation Mono", "DejaVu Sans Mono", monospace;
      overflow-wrap: break-word; min-width: 0;
    }
    details { margin-top: 12px; }
    summary { cursor: pointer; color: var(--faint); font-size: 14px; }
    details[open] summary { margin-bottom: 8px; }
    @media (max-width: 680px) {
      body { padding: 24px 14px 64px; }
      h1 { font-size: 24px; }
      .headline { font-size: 16px; }
      section { margin-top: 34px; }
      .figures { grid-template-columns: repeat(2, 1fr); }
      .chart, .panel { padding: 10px 12px 8px; }
      .large .plot { height: 230px; }
      .plot { margin-left: 48px; }
      .at { margin-left: 0; }
      .galleries img { max-width: none; }
      .settings > div, .settings.narrow > div { grid-template-columns: 1fr; padding: 8px 0; }
      .events, .events tbody, .events tr, .events td { display: block; }
      .events thead { display: none; }
      .events tr { border-bottom: 1px solid var(--rule); padding: 6px 0; }
      .events td { border: 0; padding: 0; }
      .events td.number { text-align: left; color: var(--faint); }
      .events td.number::before { content: "step "; }
    }
    @media print { .slider, .scales label { display: none; } section { break-inside: avoid; } }
    """
}
