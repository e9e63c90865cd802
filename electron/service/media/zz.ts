import {probeVideo} from '#service/media/probe';
import {execFileSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
for (const f of readdirSync('/tmp/v').filter(f=>!process.argv[2]||f.includes(process.argv[2]))) {
  const p='/tmp/v/'+f; let t=performance.now();
  try { const i=await probeVideo(p); const ms=Math.round(performance.now()-t);
    let ff:number[]=[]; try{ff=execFileSync('ffprobe',['-v','quiet','-select_streams','v','-show_entries','frame=best_effort_timestamp','-of','csv=p=0',p]).toString().trim().split('\n').map(s=>parseInt(s)).filter(x=>!Number.isNaN(x));}catch{}
    const same=ff.length===i.pts.length&&ff.every((x,k)=>x===i.pts[k]);
    console.log(f.padEnd(18),ms+'ms',i.container,i.codec,i.width+'x'+i.height,i.rotation,i.durationSec,i.frameCount,i.avgFps,i.timeBase,i.isVfr?'VFR':'',same?'SAME':'DIFF '+ff.length+' '+ff.slice(0,3)+' / '+i.pts.slice(0,3)+' .. '+ff.slice(-2)+' / '+i.pts.slice(-2), i.badges.map(b=>b.kind+':'+b.text).join(' | '));
  } catch(e){ console.log(f, String(e)); }
}
