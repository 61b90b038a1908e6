#pragma once

// How the page of a report looks.

#include <string_view>

namespace tool::report {

inline constexpr std::string_view page_style = R"css(
:root{color-scheme:light dark;--bg:#fafaf7;--panel:#fff;--ink:#1c2126;--soft:#5c6570;--line:#e2e3de;
--rule:#eeefeb;--full:#2b5f9e;--inc:#b8671a;--bad:#b3261e;--badbg:#fbeceb;--good:#2a7548;--goodbg:#e9f4ed;
--raw:#a9b0b9;--k0:#2b5f9e;--k1:#6f97c6;--k2:#1f8a83;--k3:#7a52a8;--k4:#8a929c;--k5:#b8861a;--k6:#b3261e;
--k7:#4f8a3c}
@media (prefers-color-scheme:dark){:root{--bg:#13161a;--panel:#1a1e23;--ink:#e4e7ea;--soft:#9aa4af;
--line:#2c323a;--rule:#242a31;--full:#7db0ec;--inc:#e5a15b;--bad:#ff8d83;--badbg:#3a1f1e;--good:#7ccb9b;
--goodbg:#16291f;--raw:#5d6671;--k0:#7db0ec;--k1:#4f7fb8;--k2:#55c0b7;--k3:#b797e0;--k4:#7d8690;
--k5:#dcb457;--k6:#ff8d83;--k7:#92cc7d}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:64rem;margin:0 auto;padding:0 clamp(1rem,4vw,2rem)}
header{padding-top:2.2rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .2rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.15rem;font-weight:650;margin:0 0 .15rem}
h3{font-size:1rem;font-weight:600;margin:1.6rem 0 .2rem;overflow-wrap:anywhere}
p{margin:.35rem 0;max-width:46rem}
.soft,.note,footer{color:var(--soft)}
.note{font-size:.875rem}
code,.mono{font:.875em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
overflow-wrap:anywhere}
section{background:var(--panel);border:1px solid var(--line);border-radius:10px;margin:1.1rem 0;
padding:1.1rem clamp(.9rem,3vw,1.5rem) 1.2rem}
nav{display:flex;flex-wrap:wrap;gap:.15rem 1rem;margin:1rem 0 0;font-size:.9rem}
a{color:var(--full);text-decoration-thickness:1px;text-underline-offset:2px}
.verdict{border-radius:10px;padding:.7rem 1rem;margin:1.1rem 0 0;max-width:none;font-weight:550;border:1px solid}
.verdict.good{background:var(--goodbg);color:var(--good);border-color:transparent}
.verdict.bad{background:var(--badbg);color:var(--bad);border-color:transparent}
.tiles{display:flex;flex-wrap:wrap;margin:1.1rem 0 0;background:var(--panel);border:1px solid var(--line);
border-radius:10px;overflow:hidden}
.tiles div{flex:1 1 9rem;padding:.75rem 1rem;box-shadow:0 0 0 .5px var(--line)}
.tiles dt{font-size:.8rem;color:var(--soft)}
.tiles dd{margin:0;font-size:1.3rem;font-weight:600;line-height:1.3}
.tiles dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
dl.tiles{padding:0}
.scroll{overflow-x:auto;margin:.7rem calc(-1*clamp(.9rem,3vw,1.5rem)) 0;
padding:0 clamp(.9rem,3vw,1.5rem)}
.scroll:focus-visible{outline:2px solid var(--full);outline-offset:-2px}
table{border-collapse:collapse;font-size:.9rem;min-width:100%}
th{font-weight:550;font-size:.8rem;color:var(--soft);text-align:left;white-space:nowrap;
padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:.38rem 1rem .38rem 0;border-bottom:1px solid var(--rule);vertical-align:top;white-space:nowrap}
td:last-child,th:last-child{padding-right:0}
tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right}
td.name{white-space:normal;max-width:22rem;overflow-wrap:break-word}
table.graph td{padding-top:0;padding-bottom:0;height:34px;vertical-align:middle;border-bottom:0}
table.graph td:first-child{padding-right:.5rem}
table.graph tr:nth-child(even) td{background:color-mix(in srgb,var(--rule) 45%,transparent)}
.ok{color:var(--good)}.badtext{color:var(--bad)}
.tag{display:inline-block;border-radius:4px;padding:0 .4em;font-size:.8rem;line-height:1.5;
background:var(--rule);color:var(--soft);white-space:nowrap}
.tag.bad{background:var(--badbg);color:var(--bad)}.tag.good{background:var(--goodbg);color:var(--good)}
.damage li{margin:.6rem 0;padding-left:.9rem;border-left:3px solid var(--bad);list-style:none}
.damage li.rests{border-left-color:var(--line)}
ul.damage{padding:0;margin:.6rem 0 0}
.damage .mono{font-weight:600}
.meter{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr minmax(5rem,max-content);gap:.35rem .8rem;
align-items:center;margin:.7rem 0 .4rem;font-size:.9rem}
.meter b{font-weight:500}.meter span{text-align:right}
.meter i{display:block;height:14px;border-radius:3px;background:var(--full);min-width:2px}
.meter i.raw{background:var(--raw)}
@media (max-width:34rem){.meter{grid-template-columns:1fr auto}.meter b{grid-column:1/-1;margin-bottom:-.3rem}}
.bar{display:inline-block;width:5rem;height:8px;border-radius:2px;background:var(--rule);margin-left:.6rem;
vertical-align:middle;text-align:left;overflow:hidden}
.bar i{display:block;height:100%;background:var(--full)}
.bar i.inc{background:var(--inc)}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.82rem;color:var(--soft);margin:.6rem 0 0;padding:0;
list-style:none}
.key svg{vertical-align:-1px;margin-right:.35rem;overflow:visible}
.key i{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.35rem;vertical-align:-1px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.2rem 2rem}
figure{margin:1rem 0 0;min-width:0}
figcaption{font-size:.9rem;font-weight:550;overflow-wrap:anywhere}
figcaption span{font-weight:400;color:var(--soft)}
.chart{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.6rem;margin-top:1rem;font-size:.75rem;
color:var(--soft);padding-right:6px}
.chart .y{position:relative;text-align:right;white-space:nowrap}
.chart .y i{visibility:hidden;font-style:normal}
.chart .y span{position:absolute;right:0;transform:translateY(-50%)}
.chart .x{grid-column:2;margin:0;font-size:.75rem;text-align:center;line-height:1.3}
svg{display:block}
.key svg{display:inline-block}
.plot{overflow:visible}
.plot text{fill:var(--soft);font-size:12px}
.grid{stroke:var(--rule)}.base{stroke:var(--line)}
.mark line{stroke:var(--c);stroke-opacity:.35}
.mark circle,.mark rect{fill:var(--c)}
.mark:hover line{stroke-opacity:1}
.mark.full,.mark.ver,.node.full{--c:var(--full)}.mark.inc,.node.inc{--c:var(--inc)}
.mark.bad,.node.bad{--c:var(--bad)}
.cross{stroke:var(--bad);stroke-width:2.4;stroke-linecap:round;fill:none}
.line{fill:none;stroke:var(--full);stroke-width:1.8;stroke-linejoin:round}
.band{fill:var(--full);fill-opacity:.16;stroke:none}
.dot{fill:var(--full);stroke:var(--panel)}
.hit{fill:transparent}.hit:hover{fill:var(--full);fill-opacity:.5}
.area.raw{fill:var(--raw);fill-opacity:.28}.area.stored{fill:var(--full);fill-opacity:.22}
.line.raw{stroke:var(--raw)}
.lanes path{fill:none;stroke:var(--raw);stroke-width:1.6}
.node circle,.node rect{fill:var(--c)}
.node.bad circle,.node.bad rect{fill:var(--panel);stroke:var(--bad);stroke-width:2.2}
.node.gone circle,.node.unread rect{fill:var(--panel);stroke:var(--bad);stroke-width:1.6;stroke-dasharray:2 2}
.strip{overflow:visible;margin:.3rem 0 .2rem}
.strip .tick{stroke:var(--ink);stroke-width:1.5}
.k0{fill:var(--k0)}.k1{fill:var(--k1)}.k2{fill:var(--k2)}.k3{fill:var(--k3)}.k4{fill:var(--k4)}
.k5{fill:var(--k5)}.k6{fill:var(--k6)}.k7{fill:var(--k7)}
.key svg.node{width:11px;height:11px}
details{margin:.7rem 0 0}
summary{cursor:pointer;font-size:.9rem;color:var(--soft);overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(0,1fr);gap:.15rem 1.2rem;
font-size:.9rem;margin:.6rem 0 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
footer{font-size:.85rem;padding-top:.4rem;padding-bottom:2.5rem}
@media print{section{break-inside:avoid;border-color:#ccc}details{display:none}nav{display:none}}
)css";

} // namespace tool::report
