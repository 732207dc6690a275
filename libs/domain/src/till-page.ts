import { cashierText } from './cashier-texts.ts';
import { TILL_TABLE } from './till.ts';

const SITUATIONS = {
  usual: '',
  cancel_requested: 'a cancel was asked for',
  time_over: "the code's time is over",
  late: 'late: the money came after the end',
  next_action: '',
} as const;

/** The table of what the till shows, as the documentation prints it (Markdown). */
export function tillPage(): string {
  const rows = TILL_TABLE.map((row) => {
    const when =
      row.situation === 'next_action' ? `next action \`${row.next_action ?? ''}\`` : SITUATIONS[row.situation];
    const text = cashierText(row.message);
    return `| \`${row.status}\` | ${when} | \`${row.screen}\` | ${yes(row.hand_over_goods)} | ${yes(row.may_start_another)} | ${yes(row.hide_qr)} | ${text.ru} / ${text.kk} / ${text.en} |`;
  });
  return `# What the till shows

From the payment's status to the cashier's screen; the first row that applies counts. \`declined\` and \`failed\` name the
provider's reason instead where there is one.

| status | when | \`screen\` | goods | another may start | hide the QR | message (ru / kk / en) |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function yes(value: boolean): string {
  return value ? '**yes**' : 'no';
}
