import type { Command } from 'commander';
import { loadConfiguration } from '../config/load.ts';
import { examine } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { table } from './table.ts';
import { jsonText, type Terminal } from './terminal.ts';

/** Adds the examination of the machine. It ends with 0 where nothing failed, warnings or not. */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description(
      'examine this machine and the mirrors: device, mount point, space, limits, keys, reach, clocks',
    )
    .argument('<config>', 'configuration file (YAML)')
    .option('--json', 'print the findings as JSON')
    .action(async (file: string, { json }: { json?: true }) => {
      const findings = await examine(await loadConfiguration(file, terminal.environment));
      const ok = findings.every(({ verdict }) => verdict !== 'failed');
      terminal.out(json ? jsonText({ ok, findings }) : findingsText(findings));
      if (!ok) terminal.exitWith(EXIT_CODES.failure);
    });
}

function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, about, verdict, message }) => [check, about, verdict, message]);
  return table(['CHECK', 'OF', 'VERDICT', 'WHAT'], rows);
}
