/** Style of the report's page: light and dark screens, and paper. */
export const reportStyle = `
:root { --ink:#1b1f24; --soft:#5b6673; --line:#d8dee6; --ground:#fff; --good:#1a7f4b; --warn:#8a5a00; --bad:#b3261e;
  --detect:#7b6cd9; --decide:#d99a2b; --act:#2f7fd1; --verify:#2fa36b; }
@media (prefers-color-scheme: dark) { :root { --ink:#e6eaef; --soft:#9aa6b2; --line:#333c46; --ground:#14181d;
  --good:#4cc38a; --warn:#e0a93b; --bad:#f2776d; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--ground); color:var(--ink); font:16px/1.5 system-ui,sans-serif; }
main { max-width:72rem; margin:0 auto; padding:2rem 1.5rem 4rem; }
h1 { font-size:1.8rem; margin:.2rem 0; } h2 { font-size:1.2rem; margin:2rem 0 .5rem; } h3 { font-size:1rem; margin:1rem 0 .2rem; }
.outcome { display:inline-block; margin:0; padding:.15rem .7rem; border:2px solid; border-radius:1rem; font-weight:700; letter-spacing:.03em; }
.good { color:var(--good); } .degraded { color:var(--warn); } .bad { color:var(--bad); } .open { color:var(--act); }
pre { margin:.3rem 0; padding:.7rem 1rem; border:1px solid var(--line); border-radius:.4rem; font-size:.85rem; white-space:pre-wrap; overflow-wrap:anywhere; }
.conclusion { font-size:1.1rem; margin:.3rem 0 1rem; }
dl { display:grid; grid-template-columns:max-content 1fr; gap:.15rem 1rem; margin:0; } dt { color:var(--soft); } dd { margin:0; overflow-wrap:anywhere; }
.bar { display:flex; height:1.6rem; border-radius:.4rem; overflow:hidden; background:var(--line); } .bar i { flex-basis:0; min-width:2px; }
.detect { background:var(--detect); } .decide { background:var(--decide); } .act { background:var(--act); } .verify { background:var(--verify); }
.legend { display:flex; flex-wrap:wrap; gap:.3rem 1.5rem; list-style:none; padding:0; margin:.5rem 0; }
.legend b { display:inline-block; width:.8rem; height:.8rem; border-radius:.2rem; margin-right:.4rem; }
table { width:100%; border-collapse:collapse; font-size:.92rem; } table.narrow { width:auto; min-width:16rem; }
th { text-align:left; color:var(--soft); font-weight:600; } th,td { padding:.35rem .6rem; border-bottom:1px solid var(--line); vertical-align:top; }
td:last-child { overflow-wrap:anywhere; } .steps td:nth-child(2) { min-width:13rem; } td:first-child,td:nth-child(4) { white-space:nowrap; } td small { display:block; color:var(--soft); }
.lane { width:18%; min-width:8rem; } .lane div { position:relative; height:1rem; margin-top:.25rem; background:var(--line); border-radius:.2rem; }
.lane i { position:absolute; top:0; bottom:0; min-width:3px; border-radius:.2rem; background:var(--act); }
.lane i.failed,.lane i.undoFailed,.lane i.waiting { background:var(--bad); } .lane i.skipped { background:var(--warn); } .lane i.undone { background:var(--soft); }
.risk,.error { color:var(--bad); } .risk { font-size:.85em; font-weight:600; } tr.skipped td:nth-child(3) { color:var(--warn); }
tr.failed td:nth-child(3),tr.undoFailed td:nth-child(3) { color:var(--bad); } ul { margin:.3rem 0; padding-left:1.3rem; } section { break-inside:auto; }
@media (max-width:60rem) { .lane { display:none; } }
@media (max-width:40rem) { main { padding:1rem 1rem 3rem; } h1 { font-size:1.4rem; }
  .steps,.steps tbody { display:block; } .steps thead { display:none; }
  .steps tr { display:grid; grid-template-columns:1fr max-content max-content; gap:0 .8rem; padding:.5rem 0; border-bottom:1px solid var(--line); }
  .steps td { padding:0; border:0; } .steps td:nth-child(2),.steps td:last-child { grid-column:1/-1; }
  .steps td:nth-child(2) { order:-1; font-weight:600; } .steps td small { display:inline; font-weight:400; margin-left:.4rem; } .steps td:last-child { color:var(--soft); } }
@media print { :root { --ink:#000; --soft:#444; --line:#bbb; --ground:#fff; --good:#1a7f4b; --warn:#8a5a00; --bad:#b3261e; }
  html { font-size:11px; } body { font-size:1rem; } .lane { display:none; } .steps td:nth-child(2) { min-width:11rem; } main { max-width:none; padding:0; } tr,article { break-inside:avoid; } h2 { break-after:avoid; }
  * { print-color-adjust:exact; -webkit-print-color-adjust:exact; } }
`;
