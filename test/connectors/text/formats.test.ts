import { formatCases } from '../../suites/format-cases.ts';
import { formatSuite } from '../../suites/format-suite.ts';

describe.each(formatCases)('the formats of $title', formatSuite);
