import { describe, expect, it } from 'vitest';
import { isOwnData, isOwnPage, isTrustedFrame, mayOpenOutside, mayRequest } from './trust.ts';

describe('what main trusts', () => {
  it('knows its own page by scheme, host and path', () => {
    expect(isOwnPage('app://studio/index.html')).toBe(true);
    expect(isOwnPage('app://studio/index.html?a=1#/annotate/v')).toBe(true);
    for (const stranger of [
      'app://studio/other.html',
      'app://evil/index.html',
      'app://studio.evil/index.html',
      'app://studio@evil/index.html',
      'media://studio/index.html',
      'file:///index.html',
      'https://studio/index.html',
      'about:blank',
      '',
    ]) {
      expect(isOwnPage(stranger), stranger).toBe(false);
    }
  });

  it('takes messages only from the top frame of that page', () => {
    const url = 'app://studio/index.html';
    expect(isTrustedFrame({ url, parent: null })).toBe(true);
    expect(isTrustedFrame({ url, parent: {} })).toBe(false);
    expect(isTrustedFrame({ url: 'https://evil.example/', parent: null })).toBe(false);
    expect(isTrustedFrame(null)).toBe(false);
    expect(isTrustedFrame(undefined)).toBe(false);
  });

  it('knows data that the page has made', () => {
    expect(isOwnData('blob:app://studio/1f0c')).toBe(true);
    for (const other of [
      'blob:https://evil.example/1',
      'blob:app://studio.evil/1',
      'data:,x',
      'app://studio/x',
    ]) {
      expect(isOwnData(other), other).toBe(false);
    }
  });

  it('opens links from a fixed list alone', () => {
    expect(mayOpenOutside('https://arxiv.org/abs/2103.15233')).toBe(true);
    for (const other of [
      'https://arxiv.org/',
      'https://arxiv.org/abs/2103.15233?x',
      'file:///etc/passwd',
      'javascript:1',
    ]) {
      expect(mayOpenOutside(other), other).toBe(false);
    }
  });

  it('lets pages reach nothing but the program', () => {
    expect(
      ['app://studio/a.js', 'media://studio/v', 'blob:app://studio/1', 'data:,x'].every(mayRequest),
    ).toBe(true);
    for (const other of [
      'http://127.0.0.1/',
      'https://example.org',
      'ws://127.0.0.1',
      'file:///etc/passwd',
      'ftp://a',
      'x',
    ]) {
      expect(mayRequest(other), other).toBe(false);
    }
  });
});
